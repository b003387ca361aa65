/** Roles and rules as `/api/v1/roles/{name}` and `/api/v1/permission-choices` answer, and the matrix that a page shows of them. */

export interface RoleRow {
  name: string;
  title_zh: string;
  title_en: string;
  is_built_in: boolean;
  version: number;
  holders: number;
}

export interface Permission {
  id: string;
  version: number;
  role: string;
  entity: string;
  action: string;
  rows: string;
  customers: Record<string, string[]> | null;
  product_lines: string[] | null;
}

export interface ColumnRule {
  id: string;
  version: number;
  role: string;
  entity: string;
  column_name: string;
  visibility: string;
  whose: string;
}

export interface Choices {
  subjects: {
    name: string;
    label: { zh: string; en: string } | null;
    actions: string[];
    rows: string[];
    narrowing: { customers: boolean; product_lines: boolean };
    columns: { name: string; label: { zh: string; en: string }; is_maskable: boolean }[];
  }[];
  customer_columns: string[];
}

export const everything = "*";
export const actions = ["read", "create", "update", "delete", "export", "approve", "backdate"] as const;

export interface MatrixRow {
  entity: string;
  /** By action: the rules on this entity, then those on everything. */
  cells: { action: string; rules: (Permission & { inherited: boolean })[] }[];
  columns: ColumnRule[];
}

/** A line per subject, `*` first, a cell per action. What a rule on everything gives stands in every line that it holds for. */
export function matrixOf(choices: Choices, permissions: readonly Permission[], columnRules: readonly ColumnRule[]): MatrixRow[] {
  const special = new Set(["audit_trail", "see_as"]);
  return choices.subjects.map(({ name, actions: possible }) => ({
    entity: name,
    cells: actions.map((action) => ({
      action,
      rules: permissions
        .filter((rule) => rule.action === action && possible.includes(action))
        .filter((rule) => rule.entity === name || (rule.entity === everything && !special.has(name)))
        .map((rule) => ({ ...rule, inherited: rule.entity !== name })),
    })),
    columns: columnRules.filter((rule) => rule.entity === name),
  }));
}
