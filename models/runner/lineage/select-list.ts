import { originOf, type ExpressionContext } from "./expression-lineage.ts";
import { unresolved } from "./origin.ts";
import { textOf, textsOf, treeOf, treesOf, isTree, type Tree } from "./parse-tree.ts";
import type { Open, OutputColumn } from "./relation-columns.ts";
import { isNamed, type Scope, type Visible } from "./scope.ts";

export interface Selected {
  columns: OutputColumn[];
  /** What `*` takes from relations whose columns aren't known. */
  open: Open[];
}

/** The columns of a select list, with `*`, `t.*`, EXCLUDE, REPLACE, RENAME and COLUMNS('…') written out. */
export function expandSelectList(list: readonly Tree[], scope: Scope, context: ExpressionContext): Selected {
  const columns: OutputColumn[] = [];
  const open: Open[] = [];
  const aliases = new Map(scope.aliases);
  const within = { ...scope, aliases };
  for (const [index, expression] of list.entries()) {
    if (textOf(expression, "class") === "STAR") {
      const star = expandStar(expression, within, context);
      columns.push(...star.columns);
      open.push(...star.open);
      continue;
    }
    const origin = originOf(expression, within, context);
    const alias = textOf(expression, "alias");
    if (alias) aliases.set(alias.toLowerCase(), origin);
    columns.push({ name: alias || nameOf(expression, index), origin });
  }
  return { columns, open };
}

/** DuckDB names an expression by its text; here by its function, since nobody should rely on either. */
function nameOf(expression: Tree, index: number): string {
  const names = textsOf(expression, "column_names");
  return names.at(-1) ?? (textOf(expression, "function_name") || `column_${index + 1}`);
}

export function expandStar(star: Tree, scope: Scope, context: ExpressionContext): Selected {
  const relationName = textOf(star, "relation_name");
  const chosen = relationName === "" ? scope.visible : scope.visible.filter((one) => isNamed(one, [relationName]));
  const wanted = patternOf(star);
  if (typeof wanted === "string") return { columns: [{ name: "columns", origin: unresolved(wanted) }], open: [] };
  const excluded = new Set([...textsOf(star, "exclude_list"), ...columnKeys(star, "qualified_exclude_list")].map(lower));
  const replaced = new Map(entriesOf(star, "replace_list"));
  const renamed = new Map(entriesOf(star, "rename_list"));
  const take = (name: string): boolean => !excluded.has(lower(name)) && wanted.test(name);
  const columns = chosen
    .flatMap((one) => shownColumns(one, relationName === ""))
    .filter(({ name }) => take(name))
    .map(({ name, origin }): OutputColumn => {
      const replacement = replaced.get(lower(name));
      const other = renamed.get(lower(name));
      return {
        name: typeof other === "string" ? other : name,
        origin: isTree(replacement) ? originOf(replacement, scope, context) : origin,
      };
    });
  const open = chosen.flatMap(({ relation, merged }) =>
    relation.open.map((one): Open => ({
      label: one.label,
      origin: (name) => (take(name) && !merged.has(lower(name)) ? one.origin(name) : null),
    })),
  );
  return { columns, open };
}

const lower = (name: string): string => name.toLowerCase();

const shownColumns = ({ relation, merged }: Visible, hideMerged: boolean): OutputColumn[] =>
  [...relation.columns].filter(([key]) => !hideMerged || !merged.has(key)).map(([, column]) => column);

/** The names that `COLUMNS('…')` takes, everything for a plain `*`; a text says what can't be read. */
function patternOf(star: Tree): RegExp | string {
  if (star.columns !== true) return /^/;
  const expression = treeOf(star, "expr");
  if (!expression) return /^/;
  const value = treeOf(expression, "value");
  if (textOf(expression, "class") !== "CONSTANT" || !value || typeof value.value !== "string")
    return "COLUMNS(…) with something else than a text is not read";
  try {
    return new RegExp(value.value);
  } catch {
    return `COLUMNS('${value.value}') is not read: a pattern of another kind`;
  }
}

/** `{key, value}` pairs of EXCLUDE, REPLACE and RENAME; a key is a name or a qualified one. */
const entriesOf = (star: Tree, list: string): [string, unknown][] =>
  treesOf(star, list).map(({ key, value }) => [lower(isTree(key) ? textOf(key, "column") : String(key)), value]);

const columnKeys = (star: Tree, list: string): string[] => treesOf(star, list).map((key) => textOf(key, "column"));
