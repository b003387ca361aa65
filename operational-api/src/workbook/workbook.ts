import { escapeXml } from "./cells.ts";
import { zip, type ZipEntry } from "./zip.ts";

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
/** The namespace of workbooks, sheets and styles. */
export const sheetNamespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const packageRelations = "http://schemas.openxmlformats.org/package/2006/relationships";
const contentTypes = "http://schemas.openxmlformats.org/package/2006/content-types";
const sheetType = "application/vnd.openxmlformats-officedocument.spreadsheetml";

export interface WorkbookContent {
  /** `xml`: a whole worksheet, asked for when its turn comes. The last one is open first. */
  sheets: readonly { name: string; xml: ZipEntry["content"] }[];
  /** `xl/styles.xml` */
  styles: string;
  /** What stands in `xl/workbook.xml` behind the list of sheets; asked for after they are written. */
  definitions?: () => string;
}

/** A workbook as a stream of bytes. Sheets are asked for while it is written, so one of any length needs little memory. */
export async function* workbookBytes({ sheets, styles, definitions = () => "" }: WorkbookContent): AsyncGenerator<Uint8Array> {
  const path = (index: number): string => `worksheets/sheet${index + 1}.xml`;
  const types = sheets.map((_, index) => `<Override PartName="/xl/${path(index)}" ContentType="${sheetType}.worksheet+xml"/>`);
  const links = sheets.map((_, index) => `<Relationship Id="rId${index + 1}" Type="${relations}/worksheet" Target="${path(index)}"/>`);
  function* workbookXml(): Generator<string> {
    yield `${xmlDeclaration}<workbook xmlns="${sheetNamespace}" xmlns:r="${relations}"><bookViews><workbookView activeTab="${sheets.length - 1}"/></bookViews><sheets>`;
    for (const [index, { name }] of sheets.entries())
      yield `<sheet name="${escapeXml(name)}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`;
    yield `</sheets>${definitions()}</workbook>`;
  }
  yield* zip([
    {
      name: "[Content_Types].xml",
      content: [
        `${xmlDeclaration}<Types xmlns="${contentTypes}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`,
        `<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${sheetType}.sheet.main+xml"/>`,
        `<Override PartName="/xl/styles.xml" ContentType="${sheetType}.styles+xml"/>${types.join("")}</Types>`,
      ],
    },
    {
      name: "_rels/.rels",
      content: [
        `${xmlDeclaration}<Relationships xmlns="${packageRelations}"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
      ],
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      content: [
        `${xmlDeclaration}<Relationships xmlns="${packageRelations}">${links.join("")}`,
        `<Relationship Id="rId${sheets.length + 1}" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
      ],
    },
    { name: "xl/styles.xml", content: [styles] },
    ...sheets.map(({ xml }, index) => ({ name: `xl/${path(index)}`, content: xml })),
    { name: "xl/workbook.xml", content: workbookXml() },
  ]);
}
