import { error } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { apiFor } from "#lib/server/api.ts";
import { asApiFilters, readAuditFilters } from "#lib/server/audit.ts";
import { readCompany } from "#lib/server/company.ts";
import { contentDisposition } from "#lib/server/content-disposition.ts";
import { requireMe } from "#lib/server/session.ts";
import type { RequestHandler } from "./$types";

/** What the audit page shows under the same filters, as CSV. The API writes the entry of the export before its first byte leaves. */
export const GET: RequestHandler = async (event) => {
  await requireMe(event);
  const filters = asApiFilters(readAuditFilters(event.url.searchParams), readCompany().timezone);
  const answer = await apiFor(event)("/api/v1/audit/exports", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...filters, format: "csv" }),
  });
  if (answer.status === 403) error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
  if (!answer.ok) error(answer.status, { message: ((await answer.json()) as { detail?: string }).detail ?? m.error_unexpected() });
  return new Response(answer.body, {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": contentDisposition(`${m.audit_title()}.csv`),
      "cache-control": "private, no-store",
    },
  });
};
