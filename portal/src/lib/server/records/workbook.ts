import { m } from "#lib/paraglide/messages.js";
import { titleWithUnit } from "#lib/format.ts";
import { rangeTitle } from "#lib/period-title.ts";
import { textOf, type Row, type Trust } from "#lib/semantic.ts";
import { aboutLines, workbookName } from "#lib/server/exports/about.ts";
import type { OpenRecords } from "#lib/server/records/open.ts";
import { workbook } from "#lib/server/xlsx/workbook.ts";

export interface RecordsBook {
  title: string;
  fileName: string;
  bytes: AsyncGenerator<Uint8Array>;
}

/** The table on the screen as a workbook: same columns, order and words, every row of it. */
export function recordsBook(open: OpenRecords, rows: readonly Row[], totals: Row | undefined, trust: Trust, exportedAt: Date): RecordsBook {
  const { request, wordFor, scope, departments, catalogue } = open;
  const title = request.view.title();
  function* cells(): Generator<(string | null)[]> {
    for (const row of rows) yield request.columns.map(({ member }) => wordFor(member, textOf(row, member)));
  }
  const columns = request.columns.map(({ member, title: heading, format }) => ({
    title: titleWithUnit(heading, format, { currency: scope.company.currency, locale: scope.locale }),
    format,
    ...(request.totals?.measures?.includes(member) ? { total: textOf(totals, member) } : {}),
  }));
  const filters = request.filters.map(
    ({ parameter, title: name, codes }) =>
      `${name}: ${codes.map((code) => wordFor(`${request.view.id}.${parameter}`, code) ?? code).join(", ")}`,
  );
  const lines = aboutLines({
    scope,
    departments,
    period: `${request.timeTitle}: ${rangeTitle(request.range)}`,
    filters,
    trust,
    count: rows.length,
    definitions: request.columns.map(({ member }) => catalogue.member(member)).filter(({ kind }) => kind === "measure"),
    exportedAt,
  });
  return {
    title,
    fileName: workbookName(title, request.range, trust, scope.company.timezone),
    bytes: workbook({ name: m.book_about(), title, lines }, { name: title, columns, rows: cells(), totalLabel: m.records_total() }),
  };
}
