import { escapeXml, textCell } from "@kehu/operational-api/definitions";
import type { Format } from "#lib/format.ts";

const numeric = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const dayMs = 86_400_000;
/** Day 0 of Excel's calendar, with its belief in 29 February 1900 taken in. */
const epoch = Date.UTC(1899, 11, 30);
const dated = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?/;

/** "2026-11-22" or a local "2026-11-22T09:30:00.000" as days since Excel's epoch; null when it is neither. */
export function excelDay(value: string): number | null {
  const match = dated.exec(value);
  if (!match) return null;
  const ms = Date.parse(`${match[1]}T${(match[2] ?? "00:00").slice(0, 12)}Z`);
  return Number.isNaN(ms) ? null : Math.round(((ms - epoch) / dayMs) * 1e9) / 1e9;
}

/** The cell of a value by its format. What does not fit its format is written as text rather than lost. */
export function valueCell(at: string, value: string | null, format: Format, look: number): string {
  if (value === null || value === "") return `<c r="${at}" s="${look}"/>`;
  if (format === "text") return textCell(at, value, look);
  if (format === "date" || format === "instant") {
    const day = excelDay(value);
    return day === null ? textCell(at, value, look) : `<c r="${at}" s="${look}"><v>${format === "date" ? Math.floor(day) : day}</v></c>`;
  }
  return numeric.test(value) ? `<c r="${at}" s="${look}"><v>${value}</v></c>` : textCell(at, value, look);
}

/** A formula with the value it has now, for readers that do not calculate. */
export const formulaCell = (at: string, formula: string, value: string | null, look: number): string =>
  `<c r="${at}" s="${look}"><f>${escapeXml(formula)}</f>${value !== null && numeric.test(value) ? `<v>${value}</v>` : ""}</c>`;

/** Width of a text in characters; a CJK character takes two. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text)
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u.test(
      character,
    )
      ? 2
      : 1;
  return width;
}
