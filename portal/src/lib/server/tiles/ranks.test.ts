import { expect, it } from "vitest";
import { ranksOf } from "./ranks.ts";

it("A8 people with equal results share a rank, and the next one counts them all", () => {
  const rows = ["9.00", "5.00", "5.00", "0.00", null].map((amount, index) => ({ key: "abcde"[index] ?? "", amount }));
  expect([...ranksOf(rows)]).toEqual([
    ["a", 1],
    ["b", 2],
    ["c", 2],
    ["d", 4],
    ["e", 5],
  ]);
});
