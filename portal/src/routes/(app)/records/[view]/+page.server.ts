import { mergeTrust, textOf } from "#lib/semantic.ts";
import { loadTogether } from "#lib/server/records/load-together.ts";
import { openRecords } from "#lib/server/records/open.ts";
import type { PageServerLoad } from "./$types";

const pageSize = 100;

export const load: PageServerLoad = async (event) => {
  const { semantic, scope, catalogue, request, wordFor } = await openRecords(event, event.params.view);
  const page = Math.max(1, Math.trunc(Number(event.url.searchParams.get("page"))) || 1);
  const rows = { ...request.query, limit: pageSize, offset: (page - 1) * pageSize, total: true };
  const { listed, totalled } = await loadTogether(semantic, rows, request.totals);
  const total = listed.total ?? listed.rows.length;
  return {
    viewId: request.view.id,
    columns: request.columns,
    rows: listed.rows.map((row) => request.columns.map(({ member }) => wordFor(member, textOf(row, member)))),
    totals:
      totalled &&
      request.columns.map(({ member }) => (request.totals?.measures?.includes(member) ? textOf(totalled.rows[0], member) : null)),
    total,
    page,
    pages: Math.max(1, Math.ceil(total / pageSize)),
    sort: request.sort,
    timeTitle: request.timeTitle,
    filters: request.filters.map(({ parameter, title, codes }) => ({
      parameter,
      title,
      values: codes.map((code) => wordFor(`${request.view.id}.${parameter}`, code) ?? code),
    })),
    definitions: (request.query.measures ?? []).map((measure) => {
      const { name, title, description, formula, format } = catalogue.member(measure);
      return { name, title, description, formula, format, time: request.timeTitle };
    }),
    trust: mergeTrust([listed.trust, ...(totalled ? [totalled.trust] : [])]),
    period: scope.period,
  };
};
