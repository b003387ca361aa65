import { error } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { mergeTrust } from "#lib/semantic.ts";
import { ApiError, readJson } from "#lib/server/api.ts";
import { companyNow } from "#lib/server/company.ts";
import { contentDisposition } from "#lib/server/content-disposition.ts";
import { loadTogether } from "#lib/server/records/load-together.ts";
import { openRecords } from "#lib/server/records/open.ts";
import { recordsBook } from "#lib/server/records/workbook.ts";
import type { RequestHandler } from "./$types";

/** More is refused, and said so: a workbook that leaves rows out would be taken for the whole. */
const rowLimit = 200_000;

/** A response body that makes each piece when the reader has taken the one before. */
const streamOf = (bytes: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    async pull(controller) {
      const { done, value } = await bytes.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await bytes.return(undefined);
    },
  });

/** The table of `/records/<view>` under the same address, as a workbook. It is in the audit trail before its first byte leaves. */
export const GET: RequestHandler = async (event) => {
  const open = await openRecords(event, event.params.view);
  const { api, semantic, request } = open;
  const rowQuery = { ...request.query, limit: rowLimit + 1 };
  const { listed, totalled } = await loadTogether(semantic, rowQuery, request.totals).catch((refusal: unknown): never => {
    if (refusal instanceof ApiError && refusal.status === 403) error(403, { message: m.export_refused() });
    throw refusal;
  });
  if (listed.rows.length > rowLimit) error(413, { message: m.export_limit({ limit: rowLimit.toLocaleString("en") }) });

  const trust = mergeTrust([listed.trust, ...(totalled ? [totalled.trust] : [])]);
  const book = recordsBook(open, listed.rows, totalled?.rows[0], trust, companyNow());
  const audit = { view: request.view.id, title: book.title, rows: listed.rows.length, format: "xlsx", query: request.query };
  await readJson(
    await api("/api/v1/exports", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(audit) }),
  );

  return new Response(streamOf(book.bytes), {
    headers: {
      "content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      "content-disposition": contentDisposition(book.fileName),
      "cache-control": "private, no-store",
    },
  });
};
