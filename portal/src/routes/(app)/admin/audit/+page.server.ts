import type { AuditEntry } from "@kehu/operational-api";
import { error } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { ApiError, apiFor, readJson } from "#lib/server/api.ts";
import { asApiFilters, auditTitles, readAuditFilters } from "#lib/server/audit.ts";
import { readCompany } from "#lib/server/company.ts";
import { requireMe } from "#lib/server/session.ts";
import type { PageServerLoad } from "./$types";

const pageSize = 50;

/** The audit trail, newest first, for those who may read it. What the API refuses in the filters stands above an empty list. */
export const load: PageServerLoad = async (event) => {
  await requireMe(event);
  const filters = readAuditFilters(event.url.searchParams);
  const cursor = event.url.searchParams.get("cursor");
  const query = new URLSearchParams(asApiFilters(filters, readCompany().timezone));
  query.set("limit", String(pageSize));
  if (cursor) query.set("cursor", cursor);
  const titles = auditTitles(event.locals.locale);
  try {
    const page = await readJson<{ data: AuditEntry[]; next_cursor: string | null }>(await apiFor(event)(`/api/v1/audit?${query}`));
    return { filters, cursor, titles, entries: page.data, next: page.next_cursor, problem: null };
  } catch (refusal) {
    if (refusal instanceof ApiError && refusal.status === 403)
      error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
    if (!(refusal instanceof ApiError) || refusal.status !== 400) throw refusal;
    return { filters, cursor: null, titles, entries: [], next: null, problem: refusal.message };
  }
};
