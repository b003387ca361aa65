import ExcelJS from "exceljs";
import { describe, expect, it } from "vitest";
import { columnLetters } from "@kehu/operational-api/definitions";
import { excelDay, textWidth } from "./cells.ts";
import type { DataSheet, SheetRow } from "./sheets.ts";
import { sheetName, workbook } from "./workbook.ts";

const notes = {
  name: "说明",
  title: "订单",
  lines: [
    ["导出人", "沈静宜"],
    ["=口径", "=1+1"],
  ] as const,
};

const sheet = (rows: DataSheet["rows"], total: string | null = "300.50"): DataSheet => ({
  name: "订单",
  totalLabel: "合计",
  rows,
  columns: [
    { title: "客户", format: "text" },
    { title: "下单日期", format: "date" },
    { title: "下单时间", format: "instant" },
    { title: "金额", format: "money", total },
    { title: "毛利率", format: "percent" },
    { title: "数量", format: "count" },
  ],
});

async function readBack(data: DataSheet): Promise<ExcelJS.Workbook> {
  const parts: Uint8Array[] = [];
  for await (const part of workbook(notes, data)) parts.push(part);
  const book = new ExcelJS.Workbook();
  await book.xlsx.load(Buffer.concat(parts) as unknown as ArrayBuffer);
  return book;
}

const rows: SheetRow[] = [
  ['上海精工\u0001 <机械> & "Co"', "2026-11-22", "2026-11-22T09:30:00.000", "100.25", "0.1234", "3"],
  ['=HYPERLINK("http://x","y")', "2024-02-29", null, "200.25", null, "not a number"],
];

describe("workbook", () => {
  it("reads back with the types, formats and totals it was written with", async () => {
    const page = (await readBack(sheet(rows))).getWorksheet("订单");
    const cell = (address: string) => page!.getCell(address);
    expect(cell("A2").value).toBe('上海精工 <机械> & "Co"');
    expect(cell("B2").value).toEqual(new Date("2026-11-22T00:00:00Z"));
    expect(cell("B2").numFmt).toBe("yyyy-mm-dd");
    expect(cell("C2").value).toEqual(new Date("2026-11-22T09:30:00Z"));
    expect(cell("C3").value).toBeNull();
    expect(cell("D2").value).toBe(100.25);
    expect(cell("D2").numFmt).toBe("#,##0.00");
    expect(cell("E2").numFmt).toBe("0.0%");
    expect(cell("F2").value).toBe(3);
    expect(cell("A4").value).toBe("合计");
    expect(cell("D4").value).toEqual({ formula: "SUBTOTAL(109,D2:D3)", result: 300.5 });
  });

  it("keeps formulas in the data as text", async () => {
    const page = (await readBack(sheet(rows))).getWorksheet("订单");
    expect(page!.getCell("A3").value).toBe('=HYPERLINK("http://x","y")');
    expect(page!.getCell("A3").type).toBe(ExcelJS.ValueType.String);
    expect(page!.getCell("F3").value).toBe("not a number");
  });

  it("has a bold, grey, frozen and filtered header, and prints landscape", async () => {
    const page = (await readBack(sheet(rows))).getWorksheet("订单");
    expect(page!.getCell("A1").font?.bold).toBe(true);
    expect(page!.getCell("A1").fill).toMatchObject({ pattern: "solid", fgColor: { argb: "FFE7E9EC" } });
    expect(page!.views[0]).toMatchObject({ state: "frozen", ySplit: 1 });
    expect(page!.autoFilter).toBe("A1:F3");
    expect(page!.pageSetup).toMatchObject({ orientation: "landscape", fitToWidth: 1 });
    expect(page!.getColumn(1).width).toBeGreaterThan(20);
  });

  it("begins with a sheet that says what it is", async () => {
    const book = await readBack(sheet(rows));
    expect(book.worksheets.map(({ name }) => name)).toEqual(["说明", "订单"]);
    expect(book.worksheets[0]!.getCell("A1").value).toBe("订单");
    expect(book.worksheets[0]!.getCell("B3").value).toBe("沈静宜");
    expect(book.worksheets[0]!.getCell("B4").value).toBe("=1+1");
  });

  it("writes rows that come one by one, beyond the sample for the widths", async () => {
    async function* many(): AsyncGenerator<SheetRow> {
      for (let index = 0; index < 1_234; index++) yield [`客户${index}`, "2026-01-01", null, "1.00", null, "1"];
    }
    const page = (await readBack(sheet(many(), "1234.00"))).getWorksheet("订单");
    expect(page!.rowCount).toBe(1_236);
    expect(page!.getCell("A1235").value).toBe("客户1233");
    expect(page!.getCell("D1236").value).toMatchObject({ formula: "SUBTOTAL(109,D2:D1235)", result: 1234 });
  });

  it("is a workbook even without rows", async () => {
    const page = (await readBack(sheet([], null))).getWorksheet("订单");
    expect(page!.getCell("A3").value).toBe("合计");
    expect(page!.getCell("D3").value).toMatchObject({ formula: "SUBTOTAL(109,D2:D2)" });
  });

  it("passes on what goes wrong while rows are read", async () => {
    async function* broken(): AsyncGenerator<SheetRow> {
      yield ["a", null, null, null, null, null];
      throw new Error("the connection is gone");
    }
    await expect(readBack(sheet(broken()))).rejects.toThrow("the connection is gone");
  });
});

it.each([
  ["2026-11-22", 46348],
  ["1900-03-01", 61],
  ["2026-11-22T12:00:00.000", 46348.5],
  ["yesterday", null],
])("counts %s as day %s", (text, day) => expect(excelDay(text)).toBe(day));

it.each([
  [0, "A"],
  [25, "Z"],
  [26, "AA"],
  [701, "ZZ"],
  [702, "AAA"],
])("calls column %i %s", (index, letters) => expect(columnLetters(index)).toBe(letters));

it("counts a CJK character as two", () => expect(textWidth("客户A，")).toBe(7));
it("makes names Excel accepts", () => expect(sheetName("订单/2026:[全部]*")).toBe("订单 2026  全部"));
