import type { DuckDBResult } from "@duckdb/node-api";
import { jsonValue } from "../values.ts";

/** Of one answer. A page of 10,000 rows of 40 columns is 5 MB. */
const longestAnswer = 32 * 1024 * 1024;
/** Rows counted beyond those sent. */
const countedRows = 1_000_000;

/** Reads a streaming result: the first rows as a JSON array of arrays, the others only counted, as far as counting is cheap. */
export const jsonRows = async (result: DuckDBResult, limit: number): Promise<{ json: Uint8Array; rows: number; total: number | null }> => {
  const parts: Buffer[] = [];
  let bytes = 0;
  let rows = 0;
  let total = 0;
  let full = false;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const taken = full ? 0 : Math.min(chunk.rowCount, limit - rows);
    if (taken > 0) {
      const text = JSON.stringify(chunk.convertRows(jsonValue).slice(0, taken)).slice(1, -1);
      const part = Buffer.from(rows > 0 ? `,${text}` : text);
      bytes += part.length;
      parts.push(part);
      rows += taken;
    }
    total += chunk.rowCount;
    full ||= rows >= limit || bytes > longestAnswer;
    if (total > countedRows && full) return { json: wrapped(parts), rows, total: null };
  }
  return { json: wrapped(parts), rows, total };
};

const wrapped = (parts: Buffer[]): Uint8Array => Buffer.concat([Buffer.from("["), ...parts, Buffer.from("]")]);
