import { m } from "#lib/paraglide/messages.js";
import { formatInstant } from "#lib/format.ts";
import { roleTitle } from "#lib/role-title.ts";
import type { Department } from "#lib/session.ts";
import type { Trust } from "#lib/semantic.ts";
import type { PageScope } from "#lib/server/tiles/context.ts";

/** A figure as the first sheet explains it. */
export interface Explained {
  title: string;
  description: string;
  formula: string | null;
}

/** What a workbook's first sheet says of its second. */
export interface About {
  scope: PageScope;
  departments: readonly Department[];
  /** The days covered, in words. */
  period: string;
  /** Restrictions beside period and department, each in words. */
  filters: readonly string[];
  trust: Trust;
  /** Rows of the second sheet. */
  count: number;
  /** What the reader must know of these rows besides. */
  remarks?: readonly string[];
  definitions: readonly Explained[];
  exportedAt: Date;
}

function departmentTitle({ scope, departments }: About): string {
  const [chosen] = scope.departments ?? [];
  if (chosen === undefined) return m.department_all();
  return m.department_below({ name: departments.find(({ id }) => id === chosen)?.name ?? chosen });
}

/** Lines of the first sheet: who, when, scope, filters, as-of, definitions. */
export function aboutLines(about: About): [label: string, text: string][] {
  const { scope, trust, definitions, filters, remarks = [] } = about;
  const { me, company } = scope;
  return [
    [m.book_by(), `${me.user.name} <${me.user.email}>`],
    [m.book_at(), `${formatInstant(about.exportedAt.toISOString(), company.timezone)} (${company.timezone})`],
    [m.book_scope(), m.book_scope_own({ name: me.user.name, roles: me.roles.map(roleTitle).join(", ") })],
    [m.book_period(), about.period],
    [m.department(), departmentTitle(about)],
    [m.book_filters(), filters.join("; ") || m.book_none()],
    [m.book_as_of(), formatInstant(trust.freshTo, company.timezone)],
    [m.book_build(), `${trust.build ?? ""} ${trust.lsn ?? ""}`.trim()],
    [m.book_failed_tests(), trust.failedTests.join(", ") || m.book_none()],
    [m.book_rows(), String(about.count)],
    [m.book_currency(), company.currency],
    ...remarks.map((remark): [string, string] => [m.book_remark(), remark]),
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

/** "订单_2026-11-01_2026-11-30_202611220905.xlsx": title, period, as-of. */
export function workbookName(title: string, range: { from: string; to: string } | null, { freshTo }: Trust, timezone: string): string {
  const period = range ? `${range.from}_${range.to}` : m.period_all();
  return `${title}_${period}_${formatInstant(freshTo, timezone).replace(/[-: ]/g, "")}.xlsx`;
}
