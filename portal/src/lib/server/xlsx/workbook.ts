import { escapeXml, workbookBytes } from "@kehu/operational-api/definitions";
import { dataSheetXml, notesSheetXml, type DataSheet, type NotesSheet, type SheetExtent } from "#lib/server/xlsx/sheets.ts";
import { stylesXml } from "#lib/server/xlsx/styles.ts";

/** A name Excel accepts: at most 31 characters, none of []:*?/\ and no apostrophe at the ends. */
export const sheetName = (name: string): string =>
  name
    .replace(/[[\]:*?/\\]/g, " ")
    .trim()
    .slice(0, 31)
    .replace(/^'+|'+$/g, "") || "Sheet";

/** A workbook of a first sheet of notes and one sheet of data, as a stream of bytes. */
export function workbook(notes: NotesSheet, data: DataSheet): AsyncGenerator<Uint8Array> {
  const name = sheetName(data.name);
  let extent: SheetExtent | null = null;
  /** Known when the sheets are written: the filter's range is. */
  const definitions = (): string => {
    const quoted = escapeXml(`'${name.replaceAll("'", "''")}'`);
    return (
      `<definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="1" hidden="1">${quoted}!${extent?.filter ?? ""}</definedName>` +
      `<definedName name="_xlnm.Print_Titles" localSheetId="1">${quoted}!$1:$1</definedName></definedNames><calcPr fullCalcOnLoad="1"/>`
    );
  };
  return workbookBytes({
    sheets: [
      { name: sheetName(notes.name), xml: notesSheetXml(notes) },
      { name, xml: dataSheetXml(data, (written) => (extent = written)) },
    ],
    styles: stylesXml(),
    definitions,
  });
}
