import { m } from "#lib/paraglide/messages.js";
import { formatInstant } from "#lib/format.ts";
import { rangeTitle } from "#lib/period-title.ts";
import { roleTitle } from "#lib/role-title.ts";
import { textOf, type Row, type Trust } from "#lib/semantic.ts";
import type { OpenRecords } from "#lib/server/records/open.ts";
import { workbook } from "#lib/server/xlsx/workbook.ts";

export interface RecordsBook {
  title: string;
  fileName: string;
  bytes: AsyncGenerator<Uint8Array>;
}

function departmentTitle({ scope, departments }: OpenRecords): string {
  const [chosen] = scope.departments ?? [];
  if (chosen === undefined) return m.department_all();
  return m.department_below({ name: departments.find(({ id }) => id === chosen)?.name ?? chosen });
}

/** First sheet: title, who, when, scope, filters, as-of, definitions. */
function aboutLines(open: OpenRecords, trust: Trust, count: number, exportedAt: Date): [string, string][] {
  const { scope, request, catalogue, wordFor } = open;
  const { me, company } = scope;
  const filters = request.filters.map(
    ({ parameter, title, codes }) =>
      `${title}: ${codes.map((code) => wordFor(`${request.view.id}.${parameter}`, code) ?? code).join(", ")}`,
  );
  const definitions = request.columns.map(({ member }) => catalogue.member(member)).filter(({ kind }) => kind === "measure");
  return [
    [m.book_by(), `${me.user.name} <${me.user.email}>`],
    [m.book_at(), `${formatInstant(exportedAt.toISOString(), company.timezone)} (${company.timezone})`],
    [m.book_scope(), m.book_scope_own({ name: me.user.name, roles: me.roles.map(roleTitle).join(", ") })],
    [m.book_period(), `${request.timeTitle}: ${rangeTitle(request.range)}`],
    [m.department(), departmentTitle(open)],
    [m.book_filters(), filters.join("; ") || m.book_none()],
    [m.book_as_of(), formatInstant(trust.freshTo, company.timezone)],
    [m.book_build(), `${trust.build ?? ""} ${trust.lsn ?? ""}`.trim()],
    [m.book_failed_tests(), trust.failedTests.join(", ") || m.book_none()],
    [m.book_rows(), String(count)],
    [m.book_currency(), company.currency],
    ...(definitions.length > 0
      ? ([
          ["", ""],
          [m.book_definitions(), ""],
        ] as [string, string][])
      : []),
    ...definitions.map(({ title, description, formula }): [string, string] => [
      title,
      formula ? `${description}\n${formula}` : description,
    ]),
  ];
}

/** The table on the screen as a workbook: same columns, order and words, every row of it. */
export function recordsBook(open: OpenRecords, rows: readonly Row[], totals: Row | undefined, trust: Trust, exportedAt: Date): RecordsBook {
  const { request, wordFor } = open;
  const title = request.view.title();
  function* cells(): Generator<(string | null)[]> {
    for (const row of rows) yield request.columns.map(({ member }) => wordFor(member, textOf(row, member)));
  }
  const columns = request.columns.map(({ member, title: heading, format }) => ({
    title: heading,
    format,
    ...(request.totals?.measures?.includes(member) ? { total: textOf(totals, member) } : {}),
  }));
  const period = request.range ? `${request.range.from}_${request.range.to}` : m.period_all();
  const asOf = formatInstant(trust.freshTo, open.scope.company.timezone).replace(/[-: ]/g, "");
  return {
    title,
    fileName: `${title}_${period}_${asOf}.xlsx`,
    bytes: workbook(
      { name: m.book_about(), title, lines: aboutLines(open, trust, rows.length, exportedAt) },
      { name: title, columns, rows: cells(), totalLabel: m.records_total() },
    ),
  };
}
