/** A workbook of a result: a sheet that says what it is, and the rows as typed cells. */
import { DuckDBTypeId } from "@duckdb/node-api";
import type { DuckDBDateValue, DuckDBDecimalType, DuckDBResult, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { columnLetters, sheetNamespace, textCell, workbookBytes, xmlDeclaration } from "@kehu/operational-api/definitions";
import { jsonValue } from "../values.ts";

/** Without the header. */
export const mostSheetRows = 1_048_575;

/** Indexes of `cellXfs` in styles.xml. */
const looks = { plain: 0, header: 1, day: 2, instant: 3, decimals: 4 } as const;

const styles =
  `${xmlDeclaration}<styleSheet xmlns="${sheetNamespace}"><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>` +
  `<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/><numFmt numFmtId="166" formatCode="#,##0.00"/></numFmts>` +
  `<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
  `<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>` +
  `<fill><patternFill patternType="solid"><fgColor rgb="FFEFEFEF"/></patternFill></fill></fills><borders count="1"><border/></borders>` +
  `<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="5"><xf/><xf fontId="1" fillId="2" applyFont="1" applyFill="1"/>` +
  `<xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/><xf numFmtId="166" applyNumberFormat="1"/></cellXfs></styleSheet>`;

/** Days from Excel's day 0 to 1970-01-01. */
const epochDays = 25_569;

/** `at`: the address, which some readers can't do without. */
type Cell = (at: string, value: DuckDBValue) => string;

/** Excel holds 15 digits; a longer number stays text and keeps them all. */
const numberCell = (at: string, text: string, look: number): string =>
  /^-?[\d.]+(e[+-]?\d+)?$/i.test(text) && text.replace(/\D/g, "").length <= 15
    ? `<c r="${at}" s="${look}"><v>${text}</v></c>`
    : textCell(at, text, looks.plain);

const dated = (at: string, days: number, look: number, text: () => string): string =>
  days + epochDays >= 61 && days + epochDays < 2_958_466
    ? `<c r="${at}" s="${look}"><v>${days + epochDays}</v></c>`
    : textCell(at, text(), looks.plain);

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
      return (at, value) => numberCell(at, String(value), looks.plain);
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return (at, value) =>
        Number.isFinite(value) ? `<c r="${at}"><v>${String(value)}</v></c>` : textCell(at, String(value), looks.plain);
    case DuckDBTypeId.DECIMAL: {
      const look = (type as DuckDBDecimalType).scale === 2 ? looks.decimals : looks.plain;
      return (at, value) => numberCell(at, String(value), look);
    }
    case DuckDBTypeId.BOOLEAN:
      return (at, value) => `<c r="${at}" t="b"><v>${value ? 1 : 0}</v></c>`;
    case DuckDBTypeId.DATE:
      return (at, value) => dated(at, (value as DuckDBDateValue).days, looks.day, () => text(value));
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return (at, value) => dated(at, Number((value as { micros: bigint }).micros) / 86_400e6, looks.instant, () => text(value));
    default:
      return (at, value) => textCell(at, text(value), looks.plain);
  }
};

const sheetHead = `${xmlDeclaration}<worksheet xmlns="${sheetNamespace}">`;

function* aboutSheet(about: readonly (readonly [string, string])[]): Generator<string> {
  yield `${sheetHead}<cols><col min="1" max="1" width="20" customWidth="1"/><col min="2" max="2" width="100" customWidth="1"/></cols><sheetData>`;
  for (const [index, [label, text]] of about.entries()) {
    const at = index + 1;
    yield `<row r="${at}">${textCell(`A${at}`, label, looks.header)}${textCell(`B${at}`, text, looks.plain)}</row>`;
  }
  yield "</sheetData></worksheet>";
}

async function* rowsSheet(result: DuckDBResult): AsyncGenerator<string> {
  const cells = result.columnTypes().map(cellOf);
  yield `${sheetHead}<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`;
  yield `<sheetFormatPr defaultColWidth="16" defaultRowHeight="15"/><sheetData>`;
  const letters = cells.map((_, index) => columnLetters(index));
  yield `<row r="1">${result
    .columnNames()
    .map((name, index) => textCell(`${letters[index]}1`, name, looks.header))
    .join("")}</row>`;
  let at = 1;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
    for (const row of chunk.getRows()) {
      at++;
      let xml = "";
      for (const [index, value] of row.entries()) {
        const address = letters[index]! + at;
        xml += value === null ? `<c r="${address}"/>` : cells[index]!(address, value);
      }
      yield `<row r="${at}">${xml}</row>`;
    }
  yield "</sheetData></worksheet>";
}

/** The bytes of the workbook, piece by piece; rows are read while it is written. `about`: lines of label and text. */
export const xlsxBytes = (result: DuckDBResult, about: readonly (readonly [string, string])[]): AsyncGenerator<Uint8Array> =>
  workbookBytes({
    sheets: [
      { name: "说明 About", xml: aboutSheet(about) },
      { name: "SQL", xml: rowsSheet(result) },
    ],
    styles,
  });
