import type { AuditEntry, SealState } from "@kehu/operational-api";
import { error } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { ApiError, apiFor, readJson } from "#lib/server/api.ts";
import { asApiFilters, auditTitles, readAuditFilters } from "#lib/server/audit.ts";
import { companyNow, readCompany } from "#lib/server/company.ts";
import { requireMe } from "#lib/server/session.ts";
import type { PageServerLoad } from "./$types";

const pageSize = 50;
/** The sealer comes by every few seconds. */
const sealedWithinMs = 60_000;

/** The audit trail, newest first, for those who may read it. What the API refuses in the filters stands above an empty list. */
export const load: PageServerLoad = async (event) => {
  await requireMe(event);
  const filters = readAuditFilters(event.url.searchParams);
  const cursor = event.url.searchParams.get("cursor");
  const query = new URLSearchParams(asApiFilters(filters, readCompany().timezone));
  query.set("limit", String(pageSize));
  if (cursor) query.set("cursor", cursor);
  const titles = auditTitles(event.locals.locale);
  const api = apiFor(event);
  const [answer, sealAnswer] = await Promise.all([api(`/api/v1/audit?${query}`), api("/api/v1/audit/seal")]);
  const seal = sealAnswer.ok ? await readJson<SealState>(sealAnswer) : null;
  // Entries bear the time of business or of the machine; where KEHU_CLOCK parts the two, what is late by one of them need not be.
  const now = Math.min(Date.now(), companyNow().getTime());
  const isSealLate = seal?.waiting_since != null && Date.parse(seal.waiting_since) < now - sealedWithinMs;
  const common = { filters, titles, seal, isSealLate };
  try {
    const page = await readJson<{ data: AuditEntry[]; next_cursor: string | null }>(answer);
    return { ...common, cursor, entries: page.data, next: page.next_cursor, problem: null };
  } catch (refusal) {
    if (refusal instanceof ApiError && refusal.status === 403)
      error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
    if (!(refusal instanceof ApiError) || refusal.status !== 400) throw refusal;
    return { ...common, cursor: null, entries: [], next: null, problem: refusal.message };
  }
};
