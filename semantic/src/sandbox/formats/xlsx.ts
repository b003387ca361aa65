/** A workbook of a result: a sheet that says what it is, and the rows as typed cells. */
import { DuckDBTypeId } from "@duckdb/node-api";
import type { DuckDBDateValue, DuckDBDecimalType, DuckDBResult, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { jsonValue } from "../values.ts";
import { zipBytes, type ZipPart } from "./zip.ts";

/** Without the header. */
export const mostSheetRows = 1_048_575;
const longestText = 32_767;
const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const packageRelations = "http://schemas.openxmlformats.org/package/2006/relationships";
const contentTypes = "http://schemas.openxmlformats.org/package/2006/content-types";
const sheetType = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/** Indexes of `cellXfs` in styles.xml. */
const looks = { plain: 0, header: 1, day: 2, instant: 3, decimals: 4 } as const;

const styles =
  `${declaration}<styleSheet xmlns="${main}"><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>` +
  `<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/><numFmt numFmtId="166" formatCode="#,##0.00"/></numFmts>` +
  `<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
  `<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>` +
  `<fill><patternFill patternType="solid"><fgColor rgb="FFEFEFEF"/></patternFill></fill></fills><borders count="1"><border/></borders>` +
  `<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="5"><xf/><xf fontId="1" fillId="2" applyFont="1" applyFill="1"/>` +
  `<xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/><xf numFmtId="166" applyNumberFormat="1"/></cellXfs></styleSheet>`;

// XML has no place for control characters other than tab and line ends, nor for two non-characters and lone surrogates.
const unwritable = /[^\P{Cc}\t\n\r]|[\ufffe\uffff]|\p{Cs}/gu;
const escaped = (text: string): string =>
  text.replace(unwritable, "").replace(/[&<>]/g, (character) => (character === "&" ? "&amp;" : character === "<" ? "&lt;" : "&gt;"));

/** Typed as text, so that what begins with "=" is shown and never calculated. */
const textCell = (text: string, look: number = looks.plain): string => {
  const cut = text.length > longestText ? `${text.slice(0, longestText - 1)}…` : text;
  return `<c t="inlineStr" s="${look}"><is><t xml:space="preserve">${escaped(cut)}</t></is></c>`;
};

const emptyCell = "<c/>";
/** Days from Excel's day 0 to 1970-01-01. */
const epochDays = 25_569;

type Cell = (value: DuckDBValue) => string;

/** Excel holds 15 digits; a longer number stays text and keeps them all. */
const numberCell = (text: string, look: number): string =>
  /^-?[\d.]+(e[+-]?\d+)?$/i.test(text) && text.replace(/\D/g, "").length <= 15 ? `<c s="${look}"><v>${text}</v></c>` : textCell(text);

const dated = (days: number, look: number, text: () => string): string =>
  days + epochDays >= 61 && days + epochDays < 2_958_466 ? `<c s="${look}"><v>${days + epochDays}</v></c>` : textCell(text());

const cellOf = (type: DuckDBType): Cell => {
  const text = (value: DuckDBValue): string => {
    const json = jsonValue(value, type, jsonValue);
    return typeof json === "string" ? json : JSON.stringify(json);
  };
  switch (type.typeId) {
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.UBIGINT:
      return (value) => numberCell(String(value), looks.plain);
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return (value) => (Number.isFinite(value) ? `<c><v>${String(value)}</v></c>` : textCell(String(value)));
    case DuckDBTypeId.DECIMAL: {
      const look = (type as DuckDBDecimalType).scale === 2 ? looks.decimals : looks.plain;
      return (value) => numberCell(String(value), look);
    }
    case DuckDBTypeId.BOOLEAN:
      return (value) => `<c t="b"><v>${value ? 1 : 0}</v></c>`;
    case DuckDBTypeId.DATE:
      return (value) => dated((value as DuckDBDateValue).days, looks.day, () => text(value));
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return (value) => dated(Number((value as { micros: bigint }).micros) / 86_400e6, looks.instant, () => text(value));
    default:
      return (value) => textCell(text(value));
  }
};

/** 0 -> "A", 26 -> "AA" */
const letters = (index: number): string =>
  (index >= 26 ? letters(Math.floor(index / 26) - 1) : "") + String.fromCharCode(65 + (index % 26));

/** Cells with their addresses, which some readers can't do without. */
const rowXml = (at: number, cells: readonly string[]): string =>
  `<row r="${at}">${cells.map((cell, index) => cell.replace("<c", `<c r="${letters(index)}${at}"`)).join("")}</row>`;

const sheetHead = `${declaration}<worksheet xmlns="${main}">`;

function* aboutSheet(about: readonly (readonly [string, string])[]): Generator<string> {
  yield `${sheetHead}<cols><col min="1" max="1" width="20" customWidth="1"/><col min="2" max="2" width="100" customWidth="1"/></cols><sheetData>`;
  for (const [index, [label, text]] of about.entries()) yield rowXml(index + 1, [textCell(label, looks.header), textCell(text)]);
  yield "</sheetData></worksheet>";
}

async function* rowsSheet(result: DuckDBResult): AsyncGenerator<string> {
  const cells = result.columnTypes().map(cellOf);
  yield `${sheetHead}<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`;
  yield `<sheetFormatPr defaultColWidth="16" defaultRowHeight="15"/><sheetData>`;
  const header = result.columnNames().map((name) => textCell(name, looks.header));
  yield rowXml(1, header);
  let at = 1;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
    for (const row of chunk.getRows()) {
      at++;
      yield rowXml(
        at,
        row.map((value, index) => (value === null ? emptyCell : cells[index]!(value))),
      );
    }
  yield "</sheetData></worksheet>";
}

/** The bytes of the workbook, piece by piece; rows are read while it is written. `about`: lines of label and text. */
export async function* xlsxBytes(result: DuckDBResult, about: readonly (readonly [string, string])[]): AsyncGenerator<Uint8Array> {
  const parts: ZipPart[] = [
    {
      name: "[Content_Types].xml",
      content: [
        `${declaration}<Types xmlns="${contentTypes}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`,
        `<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${sheetType}.sheet.main+xml"/>`,
        `<Override PartName="/xl/styles.xml" ContentType="${sheetType}.styles+xml"/>`,
        `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${sheetType}.worksheet+xml"/>`,
        `<Override PartName="/xl/worksheets/sheet2.xml" ContentType="${sheetType}.worksheet+xml"/></Types>`,
      ],
    },
    {
      name: "_rels/.rels",
      content: [
        `${declaration}<Relationships xmlns="${packageRelations}"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
      ],
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      content: [
        `${declaration}<Relationships xmlns="${packageRelations}"><Relationship Id="rId1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/>`,
        `<Relationship Id="rId2" Type="${relations}/worksheet" Target="worksheets/sheet2.xml"/>`,
        `<Relationship Id="rId3" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
      ],
    },
    {
      name: "xl/workbook.xml",
      content: [
        `${declaration}<workbook xmlns="${main}" xmlns:r="${relations}"><bookViews><workbookView activeTab="1"/></bookViews><sheets>`,
        `<sheet name="说明 About" sheetId="1" r:id="rId1"/><sheet name="SQL" sheetId="2" r:id="rId2"/></sheets></workbook>`,
      ],
    },
    { name: "xl/styles.xml", content: [styles] },
    { name: "xl/worksheets/sheet1.xml", content: aboutSheet(about) },
    { name: "xl/worksheets/sheet2.xml", content: rowsSheet(result) },
  ];
  yield* zipBytes(parts);
}
