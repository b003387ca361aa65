import type { Scope } from "../auth/scope.ts";
import { type AuditEntry, type AuditFilters, type AuditSources, searchAudit } from "./search.ts";

/** More is refused, and said so. */
export const exportLimit = 200_000;
const pageSize = 500;

async function* pages(sources: AuditSources, scope: Scope, filters: AuditFilters): AsyncGenerator<AuditEntry[]> {
  let cursor: string | undefined;
  do {
    const page = await searchAudit(sources, scope, { ...filters, limit: pageSize, cursor });
    yield page.data;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

const columns = ["id", "at", "actor_id", "actor", "action", "entity", "record_id", "field", "old", "new", "ip", "request_id"];

const textOf = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);

/** A cell: quoted, and never read as a formula by a spreadsheet. A number is none, also one that is kept as a text. */
const cell = (value: unknown): string => {
  const text = textOf(value);
  const isFormula = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text);
  const harmless = isFormula ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
};

const csvRows = (entry: AuditEntry): string => {
  const fields = [...new Set([...Object.keys(entry.old_values ?? {}), ...Object.keys(entry.new_values ?? {})])];
  const { id, at, actor_id: actorId, actor, action, entity, record_id: recordId, ip, request_id: requestId } = entry;
  const line = (field: string | null): string =>
    [
      id,
      at,
      actorId,
      actor,
      action,
      entity,
      recordId,
      field,
      field && entry.old_values?.[field],
      field && entry.new_values?.[field],
      ip,
      requestId,
    ]
      .map(cell)
      .join(",");
  return `${(fields.length > 0 ? fields.map(line) : [line(null)]).join("\r\n")}\r\n`;
};

/** A response body that makes each piece when the reader has taken the one before. */
export const bodyOf = (texts: AsyncGenerator<string>): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await texts.return(undefined);
    },
  });
};

/** A line per column that changed, with a byte order mark: spreadsheets read Chinese right then. */
export async function* csvOf(sources: AuditSources, scope: Scope, filters: AuditFilters): AsyncGenerator<string> {
  yield `\uFEFF${columns.join(",")}\r\n`;
  for await (const page of pages(sources, scope, filters)) yield page.map(csvRows).join("");
}

/** A line of JSON per entry. */
export async function* jsonOf(sources: AuditSources, scope: Scope, filters: AuditFilters): AsyncGenerator<string> {
  for await (const page of pages(sources, scope, filters)) yield page.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}
