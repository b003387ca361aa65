import { entities } from "../entities/index.ts";
import { maskOf } from "./mask.ts";
import { type ColumnRule, everything, type Permission } from "./permissions.ts";
import { type ColumnAccess, type Role, type Scope, visibilities, type Visibility } from "./scope.ts";

/** Earlier in the list shows more. */
const widest = (left: Visibility, right: Visibility): Visibility =>
  visibilities.indexOf(left) <= visibilities.indexOf(right) ? left : right;

/** What one role's rules say of a column: the most exact rule counts, one for others' rows before one for all; without any it is hidden. */
const accessBy = (rules: readonly ColumnRule[], entity: string, column: string): ColumnAccess => {
  const levels = [
    [entity, column],
    [entity, everything],
    [everything, everything],
  ] as const;
  const first = (...whose: ColumnRule["whose"][]): Visibility => {
    for (const [ofEntity, ofColumn] of levels) {
      for (const each of whose) {
        const rule = rules.find((one) => one.entity === ofEntity && one.column_name === ofColumn && one.whose === each);
        if (rule) return rule.visibility;
      }
    }
    return "hide";
  };
  return { own: first("all"), others: first("others", "all") };
};

/**
 * The columns that are not shown in every row, by entity. Of several roles each column is as visible as the role that shows most of it;
 * a role counts for entities that it reads, and for others' rows only when it reads more than its holder's own.
 */
export function compileColumns(roles: readonly Role[], permissions: readonly Permission[], rules: readonly ColumnRule[]): Scope["columns"] {
  const byRole = Map.groupBy(rules, ({ role }) => role);
  const columns: Scope["columns"] = {};
  for (const entity of entities) {
    const reading = permissions.filter(({ entity: named, action }) => action === "read" && (named === entity.name || named === everything));
    const readers = roles.filter((role) => reading.some((rule) => rule.role === role));
    if (readers.length === 0) continue;
    const beyondOwn = new Set(reading.filter(({ rows }) => rows !== "own").map(({ role }) => role));
    const limited: Record<string, ColumnAccess> = {};
    for (const [name, column] of Object.entries(entity.columns)) {
      const access: ColumnAccess = { own: "hide", others: "hide" };
      for (const role of readers) {
        const { own, others } = accessBy(byRole.get(role) ?? [], entity.name, name);
        access.own = widest(access.own, own);
        if (beyondOwn.has(role) || readers.length === 1) access.others = widest(access.others, others);
      }
      const maskable = maskOf(name, column) !== null;
      const possible = (visibility: Visibility): Visibility => (visibility === "mask" && !maskable ? "hide" : visibility);
      const seen: ColumnAccess = { own: possible(access.own), others: possible(access.others) };
      if (seen.own !== "show" || seen.others !== "show") limited[name] = seen;
    }
    if (Object.keys(limited).length > 0) columns[entity.name] = limited;
  }
  return columns;
}
