import { error } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { mergeTrust } from "#lib/semantic.ts";
import { ApiError } from "#lib/server/api.ts";
import { companyNow } from "#lib/server/company.ts";
import { noteExport, workbookResponse } from "#lib/server/exports/respond.ts";
import { loadTogether } from "#lib/server/records/load-together.ts";
import { openRecords } from "#lib/server/records/open.ts";
import { recordsBook } from "#lib/server/records/workbook.ts";
import type { RequestHandler } from "./$types";

/** More is refused, and said so: a workbook that leaves rows out would be taken for the whole. */
const rowLimit = 200_000;

/** The table of `/records/<view>` under the same address, as a workbook. It is in the audit trail before its first byte leaves. */
export const GET: RequestHandler = async (event) => {
  const open = await openRecords(event, event.params.view);
  const { api, semantic, request } = open;
  const rowQuery = { ...request.query, limit: rowLimit + 1 };
  const { listed, totalled } = await loadTogether(semantic, rowQuery, request.totals, "export").catch((refusal: unknown): never => {
    if (refusal instanceof ApiError && refusal.status === 403) error(403, { message: m.export_refused() });
    throw refusal;
  });
  if (listed.rows.length > rowLimit) error(413, { message: m.export_limit({ limit: rowLimit.toLocaleString("en") }) });

  const trust = mergeTrust([listed.trust, ...(totalled ? [totalled.trust] : [])]);
  const book = recordsBook(open, listed.rows, totalled?.rows[0], trust, companyNow());
  await noteExport(api, { view: request.view.id, title: book.title, rows: listed.rows.length, format: "xlsx", query: request.query });
  return workbookResponse(book.fileName, book.bytes);
};
