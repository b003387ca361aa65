import { didYouMean, ProjectError } from "../errors.ts";
import type { Node, Project } from "../resources.ts";
import { isSettings } from "../yaml.ts";

/** A change of this input reaches the rows of `to` whose `toColumn` is the changed rows' `column`. */
export interface Link {
  column: string;
  /** Unique id of another input. */
  to: string;
  toColumn: string;
}

/** How a change of one input finds the keys to make again: by a column that is the key, or by way of another input. */
export type InputRule = { column: string } | { links: Link[] };

/**
 * A model's (or test's) `meta.live`: its rows with one key depend only on the input rows that lead to that key.
 * In plain dbt it means nothing: the SQL is that of the whole table.
 */
export interface KeyedRule {
  /** Column of the model; never null. */
  key: string;
  /** Column that tells rows of one key apart, or the key itself: what differs is written by it. A row without it makes all rows of its key be written. */
  row: string;
  /** By unique id; parents before those that lead to them. A change of an input that is not named here makes the whole model again. */
  inputs: ReadonlyMap<string, InputRule>;
}

const example = "{key: order_key, from: {stg_crm__orders: order_key, stg_crm__customers: {customer_id: stg_crm__orders.customer_id}}}";

/** Null for a node without `meta.live`. Throws a ProjectError for one that can't be understood. */
export function keyedRuleOf(node: Node, project: Project): KeyedRule | null {
  const given = node.config.meta.live;
  if (given === undefined || given === null) return null;
  const fail = (what: string): never => {
    throw new ProjectError(`${node.patchFile ?? node.file}: ${node.name}: meta.live: ${what}. Write it like ${example}`);
  };
  if (!isSettings(given) || typeof given.key !== "string") return fail("it needs a key, the name of a column");
  const row = given.row ?? given.key;
  if (typeof row !== "string") return fail("row must be the name of a column");
  const from = given.from ?? {};
  if (!isSettings(from)) return fail("from must name inputs");
  const names = inputNames(node, project);
  const idOf = (name: string): string =>
    names.get(name) ?? fail(`${name} is not an input of this model.${didYouMean(name, [...names.keys()])}`);
  const rules = new Map<string, InputRule>();
  for (const [name, rule] of Object.entries(from)) {
    if (typeof rule === "string") rules.set(idOf(name), { column: rule });
    else if (isSettings(rule))
      rules.set(idOf(name), { links: Object.entries(rule).flatMap(([column, to]) => links(column, to, idOf, fail)) });
    else fail(`${name} must be a column or a mapping of its columns to columns of other inputs`);
  }
  return { key: given.key, row, inputs: ordered(rules, names, fail) };
}

/** Names as `from` writes them, to unique ids: `stg_crm__orders`, `crm.orders` for a source. */
function inputNames(node: Node, project: Project): Map<string, string> {
  return new Map(
    node.dependsOn.map((id) => {
      const source = project.sources.get(id);
      return [source ? `${source.sourceName}.${source.name}` : (project.nodes.get(id)?.name ?? id), id];
    }),
  );
}

function links(column: string, to: unknown, idOf: (name: string) => string, fail: (what: string) => never): Link[] {
  const places: unknown[] = Array.isArray(to) ? to : [to];
  return places.map((place) => {
    const parts = typeof place === "string" ? /^(.+)\.([^.]+)$/.exec(place) : null;
    if (!parts?.[1] || !parts[2]) return fail(`${column} must lead to input.column, found ${JSON.stringify(place)}`);
    return { column, to: idOf(parts[1]), toColumn: parts[2] };
  });
}

function ordered(
  rules: ReadonlyMap<string, InputRule>,
  names: ReadonlyMap<string, string>,
  fail: (what: string) => never,
): Map<string, InputRule> {
  const found = new Map<string, InputRule>();
  const nameOf = (id: string): string => [...names].find(([, known]) => known === id)?.[0] ?? id;
  const visit = (id: string, path: readonly string[]): void => {
    if (found.has(id)) return;
    if (path.includes(id)) fail(`its inputs lead in a circle: ${[...path, id].map(nameOf).join(" -> ")}`);
    const rule = rules.get(id);
    if (!rule) return fail(`${nameOf(path.at(-1) ?? id)} leads to ${nameOf(id)}, which has no rule of its own`);
    if ("links" in rule) for (const link of rule.links) visit(link.to, [...path, id]);
    found.set(id, rule);
  };
  for (const id of rules.keys()) visit(id, []);
  return found;
}
