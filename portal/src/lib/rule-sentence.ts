import type { Locale } from "#lib/locale.ts";
import { m } from "#lib/paraglide/messages.js";

const actions: Readonly<Record<string, () => string>> = {
  read: m.roles_says_action_read,
  create: m.roles_says_action_create,
  update: m.roles_says_action_update,
  delete: m.roles_says_action_delete,
  export: m.roles_says_action_export,
  approve: m.roles_says_action_approve,
  backdate: m.roles_says_action_backdate,
};
const scopes: Readonly<Record<string, () => string>> = {
  own: m.roles_says_rows_own,
  subordinates: m.roles_says_rows_subordinates,
  department: m.roles_says_rows_department,
  department_and_below: m.roles_says_rows_below,
  related: m.roles_says_rows_related,
  public: m.roles_says_rows_public,
  all: m.roles_says_rows_all,
};

/** A permission with everything in it called as the reader calls it, except `action` and `rows`, which are codes. */
export interface NamedRule {
  role: string;
  entity: string;
  action: string;
  rows: string;
  /** A column's title, and titles of the values of which one must hold. */
  customers: readonly { column: string; values: readonly string[] }[];
  productLines: readonly string[];
}

/** What a permission says, as one sentence: whatever narrows its rows holds together, and any of the values of a column will do. */
export function ruleSentence(rule: NamedRule, locale: Locale): string {
  const anyOf = new Intl.ListFormat(locale, { type: "disjunction" });
  let rows = scopes[rule.rows]?.() ?? rule.rows;
  for (const { column, values } of rule.customers) {
    if (values.length > 0) rows = m.roles_says_customers({ rows, column, values: anyOf.format(values) });
  }
  if (rule.productLines.length > 0) rows = m.roles_says_lines({ rows, lines: anyOf.format(rule.productLines) });
  return m.roles_says({ role: rule.role, action: actions[rule.action]?.() ?? rule.action, entity: rule.entity, rows });
}
