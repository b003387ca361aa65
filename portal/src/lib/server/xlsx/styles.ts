import { sheetNamespace, xmlDeclaration } from "@kehu/operational-api/definitions";
import type { Format } from "#lib/format.ts";

/** Number formats beyond the built-in ones; "text" needs none. */
const codes: Record<Format, string | null> = {
  money: "#,##0.00",
  number: "#,##0.####",
  count: "#,##0",
  percent: "0.0%",
  days: "#,##0.0",
  text: null,
  date: "yyyy-mm-dd",
  instant: "yyyy-mm-dd hh:mm",
};
const formats = Object.keys(codes) as Format[];
const firstCode = 164; // lower ones are Excel's own

/** Looks of a cell: each is an index into `cellXfs`. */
export const looks = { plain: 0, header: 1, title: 2, label: 3, wrapped: 4 } as const;
const fixedLooks = Object.keys(looks).length;

/** The look of a data cell, or of a cell of the totals row. */
export const lookOf = (format: Format, isTotal: boolean): number => fixedLooks + formats.indexOf(format) * 2 + (isTotal ? 1 : 0);

const numberFormat = (format: Format): number => (codes[format] === null ? 0 : firstCode + formats.indexOf(format));

const fonts = [
  '<font><sz val="11"/><name val="Calibri"/></font>',
  '<font><b/><sz val="11"/><name val="Calibri"/></font>',
  '<font><b/><sz val="14"/><name val="Calibri"/></font>',
];
const fills = [
  '<fill><patternFill patternType="none"/></fill>',
  '<fill><patternFill patternType="gray125"/></fill>',
  '<fill><patternFill patternType="solid"><fgColor rgb="FFE7E9EC"/><bgColor indexed="64"/></patternFill></fill>',
];
const borders = [
  "<border><left/><right/><top/><bottom/><diagonal/></border>",
  '<border><left/><right/><top style="thin"><color rgb="FF8A94A3"/></top><bottom/><diagonal/></border>',
];

const xf = (numFmt: number, font: number, fill: number, border: number, alignment = ""): string =>
  `<xf numFmtId="${numFmt}" fontId="${font}" fillId="${fill}" borderId="${border}" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1"${
    alignment ? ` applyAlignment="1">${alignment}</xf>` : "/>"
  }`;

/** `xl/styles.xml` */
export function stylesXml(): string {
  const declared = formats
    .filter((format) => codes[format] !== null)
    .map((format) => `<numFmt numFmtId="${numberFormat(format)}" formatCode="${codes[format]}"/>`);
  const cells = [
    xf(0, 0, 0, 0),
    xf(0, 1, 2, 0, '<alignment vertical="center" wrapText="1"/>'),
    xf(0, 2, 0, 0),
    xf(0, 1, 0, 0, '<alignment vertical="top"/>'),
    xf(0, 0, 0, 0, '<alignment vertical="top" wrapText="1"/>'),
    ...formats.flatMap((format) => [xf(numberFormat(format), 0, 0, 0), xf(numberFormat(format), 1, 0, 1)]),
  ];
  const list = (name: string, items: readonly string[]): string => `<${name} count="${items.length}">${items.join("")}</${name}>`;
  return (
    `${xmlDeclaration}<styleSheet xmlns="${sheetNamespace}">` +
    list("numFmts", declared) +
    list("fonts", fonts) +
    list("fills", fills) +
    list("borders", borders) +
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
    list("cellXfs", cells) +
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
  );
}
