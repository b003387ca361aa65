import { expect, it } from "vitest";
import { contentDisposition } from "./content-disposition.ts";

it("names a Chinese file in both forms", () => {
  expect(contentDisposition("订单_2026-11.xlsx")).toBe(
    "attachment; filename=\"___2026-11.xlsx\"; filename*=UTF-8''%E8%AE%A2%E5%8D%95_2026-11.xlsx",
  );
});

it("lets no name break the header or leave the folder", () => {
  expect(contentDisposition('a"b\r\n/../c(1).xlsx')).toBe(
    "attachment; filename=\"a_b___.._c(1).xlsx\"; filename*=UTF-8''a_b___.._c%281%29.xlsx",
  );
});
