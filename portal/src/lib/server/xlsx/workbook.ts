import { escapeXml } from "#lib/server/xlsx/cells.ts";
import { dataSheetXml, notesSheetXml, type DataSheet, type NotesSheet, type SheetExtent } from "#lib/server/xlsx/sheets.ts";
import { stylesXml } from "#lib/server/xlsx/styles.ts";
import { zip, type ZipEntry } from "#lib/server/xlsx/zip.ts";

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const packageRelations = "http://schemas.openxmlformats.org/package/2006/relationships";
const sheetType = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/** A name Excel accepts: at most 31 characters, none of []:*?/\ and no apostrophe at the ends. */
export const sheetName = (name: string): string =>
  name
    .replace(/[[\]:*?/\\]/g, " ")
    .trim()
    .slice(0, 31)
    .replace(/^'+|'+$/g, "") || "Sheet";

/**
 * A workbook of a first sheet of notes and one sheet of data, as a stream of bytes. Rows are asked for while it is written, so a
 * workbook of any length needs little memory.
 */
export async function* workbook(notes: NotesSheet, data: DataSheet): AsyncGenerator<Uint8Array> {
  const names = [sheetName(notes.name), sheetName(data.name)];
  let extent: SheetExtent | null = null;

  /** Written after the sheets, because the filter's range is known only then. */
  function* workbookXml(): Generator<string> {
    const quoted = `'${(names[1] ?? "").replaceAll("'", "''")}'`;
    yield `${declaration}<workbook xmlns="${main}" xmlns:r="${relations}"><bookViews><workbookView activeTab="1"/></bookViews><sheets>`;
    for (const [index, name] of names.entries()) yield `<sheet name="${escapeXml(name)}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`;
    yield `</sheets><definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="1" hidden="1">${escapeXml(quoted)}!${extent?.filter ?? ""}</definedName>`;
    yield `<definedName name="_xlnm.Print_Titles" localSheetId="1">${escapeXml(quoted)}!$1:$1</definedName></definedNames><calcPr fullCalcOnLoad="1"/></workbook>`;
  }

  const entries: ZipEntry[] = [
    {
      name: "[Content_Types].xml",
      content: [
        `${declaration}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>`,
        `<Override PartName="/xl/workbook.xml" ContentType="${sheetType}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${sheetType}.styles+xml"/>`,
        ...names.map((_, index) => `<Override PartName="/xl/worksheets/sheet${index + 1}.xml" ContentType="${sheetType}.worksheet+xml"/>`),
        "</Types>",
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
        `${declaration}<Relationships xmlns="${packageRelations}">`,
        ...names.map(
          (_, index) => `<Relationship Id="rId${index + 1}" Type="${relations}/worksheet" Target="worksheets/sheet${index + 1}.xml"/>`,
        ),
        `<Relationship Id="rId${names.length + 1}" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
      ],
    },
    { name: "xl/styles.xml", content: [stylesXml()] },
    { name: "xl/worksheets/sheet1.xml", content: notesSheetXml(notes) },
    { name: "xl/worksheets/sheet2.xml", content: dataSheetXml(data, (written) => (extent = written)) },
    { name: "xl/workbook.xml", content: workbookXml() },
  ];
  yield* zip(entries);
}
