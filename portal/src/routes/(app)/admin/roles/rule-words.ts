import type { Locale } from "#lib/locale.ts";
import { m } from "#lib/paraglide/messages.js";
import { type Choices, type ColumnRule, everything, type Permission } from "#lib/roles-matrix.ts";
import { ruleSentence } from "#lib/rule-sentence.ts";
import { rowsTitle, subjectTitle, visibilityTitle } from "./titles.ts";

export interface Category {
  id: string;
  name: string;
}

/** What can be ruled, with the values of the customer columns that have a list of them, each with its label. */
export interface RuleChoices extends Choices {
  customer_values: Record<string, Record<string, { zh: string; en: string }>>;
}

/** What a rule is made of, before it is stored. */
export type Draft = Pick<Permission, "entity" | "action" | "rows" | "customers" | "product_lines">;

/** How the page calls what rules name, in the reader's language. */
export interface RuleWords {
  inLanguage(label: { zh: string; en: string }): string;
  subject(entity: string): string;
  column(entity: string, column: string): string;
  category(id: string): string;
  /** Short, for a cell of the matrix: `own ∩ Province: 上海`. */
  rule(rule: Permission): string;
  columnRule(rule: ColumnRule): string;
  /** In full; `role` is its title. */
  sentence(role: string, rule: Draft): string;
}

export function ruleWords(given: { choices: RuleChoices; categories: readonly Category[]; locale: Locale }): RuleWords {
  const { choices, categories, locale } = given;
  const inLanguage: RuleWords["inLanguage"] = (label) => (locale === "en" ? label.en : label.zh);
  const subjectNamed = (entity: string) => choices.subjects.find(({ name }) => name === entity);
  const subject: RuleWords["subject"] = (entity) => {
    const label = subjectNamed(entity)?.label;
    return label ? inLanguage(label) : subjectTitle(entity);
  };
  const column: RuleWords["column"] = (entity, name) => {
    const label = subjectNamed(entity)?.columns.find((each) => each.name === name)?.label;
    return name === everything ? m.roles_every_column() : label ? inLanguage(label) : name;
  };
  const category: RuleWords["category"] = (id) => categories.find((each) => each.id === id)?.name ?? id;
  const valuesOf = (name: string, values: readonly string[]): string[] => {
    const known = choices.customer_values[name];
    return values.map((value) => (known?.[value] ? inLanguage(known[value]) : value));
  };
  return {
    inLanguage,
    subject,
    column,
    category,
    rule: ({ rows, customers, product_lines: lines }) =>
      [
        rowsTitle(rows),
        ...Object.entries(customers ?? {}).map(([name, values]) => `${column("customer", name)}: ${valuesOf(name, values).join(", ")}`),
        ...(lines ? [lines.map(category).join(", ")] : []),
      ].join(" ∩ "),
    columnRule: ({ entity, column_name: name, visibility, whose }) =>
      `${column(entity, name)}: ${visibilityTitle(visibility)}${whose === "others" ? ` (${m.roles_of_others()})` : ""}`,
    sentence: (role, { entity, action, rows, customers, product_lines: lines }) =>
      ruleSentence(
        {
          role,
          entity: subject(entity),
          action,
          rows,
          customers: Object.entries(customers ?? {}).map(([name, values]) => ({
            column: column("customer", name),
            values: valuesOf(name, values),
          })),
          productLines: (lines ?? []).map(category),
        },
        locale,
      ),
  };
}
