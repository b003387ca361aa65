import { open } from "node:fs/promises";
import { join } from "node:path";
import type { StagedRow, TableChanges } from "./table-changes.ts";
import type { Part } from "./row-files.ts";

/** Characters that are written at once. */
const writeLength = 1024 * 1024;

const needsQuotes = /[",\n\r\uFEFF]/;

/** As Postgres's own CSV: an empty field is null, a quoted one the empty text. */
const field = (value: string | null | undefined): string => {
  if (value === null || value === undefined) return "";
  return value === "" || needsQuotes.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
};

/** No more than the bytes of a text, and exactly them where the difference would cost memory. */
const bytesAtMost = (text: string): number => (text.length < writeLength ? text.length * 3 : Buffer.byteLength(text));

/** Types of what follows a row's values in the file: those of `changeColumns`, the time in microseconds since 1970, and whether the row is its key's last. */
export const changeFileTypes = ["VARCHAR", "UBIGINT", "BIGINT", "VARCHAR", "BIGINT", "BOOLEAN"] as const;

/**
 * Writes a batch's rows to a file in `dir`, as text. DuckDB reads a file with little more than the cost of the values themselves; given value by value across
 * the border to its library, they cost several times that. The file is the caller's to remove.
 */
export async function writeChangeFile(dir: string, { table, rows }: TableChanges): Promise<Part> {
  const width = table.columns.length;
  const part: Part = { file: join(dir, `changes-${table.oid}.csv.tmp`), rowBytes: 0, format: "csv" };
  const handle = await open(part.file, "w");
  try {
    let text = "";
    let previous: StagedRow | undefined;
    let commit = "";
    for (const row of rows) {
      const start = text.length;
      for (let index = 0; index < width; index++) text += `${field(row.values[index])},`;
      // The rows of one transaction share what is known of it.
      if (previous?.lsn !== row.lsn || previous.actor !== row.actor) commit = `${row.lsn},${row.at},${field(row.actor)}`;
      previous = row;
      text += `${row.op},${commit},${row.seq},${row.last ? "t" : "f"}\n`;
      if (text.length - start > part.rowBytes / 3) part.rowBytes = Math.max(part.rowBytes, bytesAtMost(text.slice(start)));
      if (text.length > writeLength) {
        await handle.writeFile(text);
        text = "";
      }
    }
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  return part;
}
