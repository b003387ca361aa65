import { columnLetters, sheetNamespace, textCell, xmlDeclaration } from "@kehu/operational-api/definitions";
import { formatFull, type Format } from "#lib/format.ts";
import { formulaCell, textWidth, valueCell } from "#lib/server/xlsx/cells.ts";
import { lookOf, looks } from "#lib/server/xlsx/styles.ts";

const head = `${xmlDeclaration}<worksheet xmlns="${sheetNamespace}">`;
const print =
  '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>' +
  '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/><headerFooter><oddFooter>&amp;L&amp;F&amp;R&amp;P / &amp;N</oddFooter></headerFooter>';

export interface SheetColumn {
  title: string;
  format: Format;
  /** Has a sum in the totals row; the value it comes to over all rows, as the semantic layer states it. */
  total?: string | null;
}

export type SheetRow = readonly (string | null)[];

export interface DataSheet {
  name: string;
  columns: readonly SheetColumn[];
  rows: Iterable<SheetRow> | AsyncIterable<SheetRow>;
  totalLabel: string;
}

/** Lines of label and text; a label alone is a heading. */
export interface NotesSheet {
  name: string;
  title: string;
  lines: readonly (readonly [label: string, text: string])[];
}

/** Widths come from this many rows: enough to be right, few enough to hold. */
const sampleRows = 500;
const widest = 60;

function widths(columns: readonly SheetColumn[], sample: readonly SheetRow[]): string {
  const width = (column: SheetColumn, index: number): number => {
    const shown = (value: string | null): number =>
      value === null ? 0 : textWidth(column.format === "instant" ? value.slice(0, 16) : formatFull(value, column.format));
    return Math.min(
      widest,
      Math.max(textWidth(column.title) + 3, shown(column.total ?? null) + 2, ...sample.map((row) => shown(row[index] ?? null) + 2), 8),
    );
  };
  return columns
    .map((column, index) => `<col min="${index + 1}" max="${index + 1}" width="${width(column, index)}" customWidth="1"/>`)
    .join("");
}

/** How many rows a sheet has and over which cells it filters; known when it is written. */
export interface SheetExtent {
  rows: number;
  /** "$A$1:$F$101" */
  filter: string;
}

/** A sheet of typed cells with a frozen header, a filter and a row of sums. Asks for rows as they are written. */
export async function* dataSheetXml(sheet: DataSheet, report: (extent: SheetExtent) => void): AsyncGenerator<string> {
  const { columns } = sheet;
  const iterator = (
    Symbol.asyncIterator in sheet.rows ? sheet.rows[Symbol.asyncIterator]() : sheet.rows[Symbol.iterator]()
  ) as AsyncIterator<SheetRow>;
  const sample: SheetRow[] = [];
  let next = await iterator.next();
  for (; !next.done && sample.length < sampleRows; next = await iterator.next()) sample.push(next.value);

  yield `${head}<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${widths(columns, sample)}</cols><sheetData>`;
  const letters = columns.map((_, index) => columnLetters(index));
  yield `<row r="1">${columns.map(({ title }, index) => textCell(`${letters[index]}1`, title, looks.header)).join("")}</row>`;
  const plain = columns.map(({ format }) => lookOf(format, false));
  const rowXml = (row: SheetRow, at: number): string =>
    `<row r="${at}">${columns.map(({ format }, index) => valueCell(`${letters[index]}${at}`, row[index] ?? null, format, plain[index] ?? 0)).join("")}</row>`;
  let count = 0;
  for (const row of sample) {
    count += 1;
    yield rowXml(row, count + 1);
  }
  for (; !next.done; next = await iterator.next()) {
    count += 1;
    yield rowXml(next.value, count + 1);
  }
  const last = Math.max(1, count) + 1;
  if (columns.some(({ total }) => total !== undefined)) {
    const cells = columns.map(({ format, total }, index) => {
      const at = `${letters[index]}${last + 1}`;
      // 109: the sum of what a filter leaves visible
      if (total !== undefined)
        return formulaCell(at, `SUBTOTAL(109,${letters[index]}2:${letters[index]}${last})`, total, lookOf(format, true));
      return index === 0 ? textCell(at, sheet.totalLabel, lookOf("text", true)) : `<c r="${at}" s="${lookOf("text", true)}"/>`;
    });
    yield `<row r="${last + 1}">${cells.join("")}</row>`;
  }
  const lastLetters = letters.at(-1) ?? "A";
  yield `</sheetData><autoFilter ref="A1:${lastLetters}${last}"/>${print}</worksheet>`;
  report({ rows: count, filter: `$A$1:$${lastLetters}$${last}` });
}

/** The sheet that says what the others are. */
export function* notesSheetXml({ title, lines }: NotesSheet): Generator<string> {
  yield `${head}<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><cols><col min="1" max="1" width="22" customWidth="1"/><col min="2" max="2" width="90" customWidth="1"/></cols><sheetData>`;
  yield `<row r="1">${textCell("A1", title, looks.title)}</row>`;
  for (const [index, [label, text]] of lines.entries()) {
    const at = index + 3; // an empty row under the title
    yield `<row r="${at}">${textCell(`A${at}`, label, looks.label)}${text ? textCell(`B${at}`, text, looks.wrapped) : ""}</row>`;
  }
  yield `</sheetData>${print}</worksheet>`;
}
