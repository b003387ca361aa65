import { describe, expect, it } from "vitest";
import { formatCsv, parseCsv } from "./csv.ts";

describe("parseCsv", () => {
  it("reads quotes, doubled quotes, commas and line breaks inside quotes", () => {
    expect(parseCsv('name,note\r\n"Smith, Jane","said ""hi""\nand left"\r\nplain,\r\n')).toEqual([
      { name: "Smith, Jane", note: 'said "hi"\nand left' },
      { name: "plain", note: "" },
    ]);
  });

  it("reads a last line without a line break, and skips a byte order mark", () => {
    expect(parseCsv("\ufeffa,b\n1,2")).toEqual([{ a: "1", b: "2" }]);
    expect(parseCsv("a,b\n1,")).toEqual([{ a: "1", b: "" }]);
  });

  it("refuses records of another width and open quotes", () => {
    expect(() => parseCsv("a,b\n1,2,3\n")).toThrow("record 1 has 3 fields, the header 2");
    expect(() => parseCsv('a\n"1\n')).toThrow("not closed");
  });

  it("reads back what formatCsv wrote", () => {
    const records = [{ a: 'x "y", z', b: "line\nbreak" }];
    expect(parseCsv(formatCsv(["a", "b"], records))).toEqual(records);
  });
});
