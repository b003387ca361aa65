/**
 * Records of a CSV text (RFC 4180: quotes, doubled quotes, line breaks inside quotes, CRLF or LF) as objects by the header's names.
 * Throws when a record has another number of fields than the header, or a quote is not closed.
 */
export function parseCsv(text: string): Record<string, string>[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  const source = text.startsWith("\ufeff") ? text.slice(1) : text;
  for (let at = 0; at < source.length; at++) {
    const character = source[at]!;
    if (quoted) {
      if (character !== '"') field += character;
      else if (source[at + 1] === '"') field += source[++at]!;
      else quoted = false;
    } else if (character === '"' && field === "") quoted = true;
    else if (character === ",") {
      row.push(field);
      field = "";
    } else if (character === "\n" || (character === "\r" && source[at + 1] === "\n")) {
      if (character === "\r") at++;
      rows.push([...row, field]);
      row = [];
      field = "";
    } else field += character;
  }
  if (quoted) throw new Error("a quote is not closed");
  if (field !== "" || row.length > 0) rows.push([...row, field]);
  const [header, ...records] = rows;
  return records.map((values, index) => {
    if (values.length !== header!.length) throw new Error(`record ${index + 1} has ${values.length} fields, the header ${header!.length}`);
    return Object.fromEntries(header!.map((name, position) => [name, values[position]!]));
  });
}

const quote = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** Objects with the same keys as CSV text with a header; `columns` names the header when there may be no record. */
export const formatCsv = (columns: readonly string[], records: readonly Record<string, string>[]): string =>
  [columns, ...records.map((record) => columns.map((column) => record[column] ?? ""))]
    .map((row) => `${row.map(quote).join(",")}\n`)
    .join("");
