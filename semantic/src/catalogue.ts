/** What a caller may know of the models behind the figures: names, descriptions, tests and where columns come from. Never a value of a record. */
import { entities, systemColumns } from "@kehu/operational-api/definitions";
import { originsOf } from "@kehu/models";
import type { CatalogueColumn, CatalogueNode, CatalogueTest, ColumnInput, LineageKind, ProjectLineage } from "@kehu/models";
import type { Locale } from "./model.ts";

export type TestStatus = "pass" | "warn" | "fail" | "unknown";

/** A node as `meta.catalogue` has it, each test with its last result. */
export interface PublishedNode extends Omit<CatalogueNode, "tests"> {
  tests: (CatalogueTest & { status: TestStatus })[];
}

export interface SeenColumn extends Omit<CatalogueColumn, "inputs"> {
  /** Its label in the operational system, when it is such a column under whatever name. */
  title: string | null;
  inputs: ColumnInput[];
  /** Inputs of models that the caller may not know of. */
  hiddenInputs: number;
}

export interface SeenNode extends Omit<PublishedNode, "columns"> {
  /** Of sources: the entity's label. */
  title: string | null;
  columns: SeenColumn[];
}

/**
 * The nodes a caller may know of: the marts granted (`marts` are all there are, both by lower-case name), and what these are made of, up to the sources,
 * where the way there does not lead through a mart that is not granted. Everything else is left out, also from parents and inputs,
 * and so are the columns of a node (by its name) that are `hidden` from the caller.
 */
export function seenNodes(
  nodes: readonly PublishedNode[],
  marts: { has: (name: string) => boolean },
  granted: ReadonlySet<string>,
  locale: Locale,
  hidden: (node: string) => ReadonlySet<string> = () => new Set(),
): SeenNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const isMart = (node: PublishedNode): boolean => node.type !== "source" && marts.has(node.name.toLowerCase());
  const seen = new Set<string>();
  const waiting = nodes.filter((node) => isMart(node) && granted.has(node.name.toLowerCase()));
  for (const node of waiting) {
    if (seen.has(node.id)) continue;
    seen.add(node.id);
    for (const parent of node.parents) {
      const upstream = byId.get(parent);
      if (upstream && !isMart(upstream)) waiting.push(upstream);
    }
  }
  const lineage: ProjectLineage = new Map(nodes.filter(({ type }) => type !== "source" && type !== "seed").map((node) => [node.id, node]));
  const hiddenOf = new Map(nodes.filter(({ id }) => seen.has(id)).map(({ id, name }) => [id, hidden(name.toLowerCase())]));
  const titleOf = (id: string, column: string, kind: LineageKind): string | null =>
    columnTitle(lineage, byId, { node: id, column, kind }, locale);
  return nodes
    .filter(({ id }) => seen.has(id))
    .map((node) => ({
      ...node,
      title: node.type === "source" ? (entityOf(node)?.label[language(locale)] ?? null) : null,
      parents: node.parents.filter((id) => seen.has(id)),
      rows: node.rows.filter((id) => seen.has(id)),
      columns: node.columns.flatMap((column) => {
        if (hiddenOf.get(node.id)?.has(column.name)) return [];
        const inputs = column.inputs.filter((input) => seen.has(input.node) && !hiddenOf.get(input.node)?.has(input.column));
        return {
          ...column,
          title: titleOf(node.id, column.name, column.kind),
          inputs,
          hiddenInputs: column.inputs.length - inputs.length,
        };
      }),
    }));
}

const language = (locale: Locale): "zh" | "en" => (locale === "en" ? "en" : "zh");

/** The entity whose table a source mirrors: `crm.orders`. */
const entityOf = ({ name }: PublishedNode): (typeof entities)[number] | undefined =>
  entities.find(({ table }) => table === name.split(".").at(-1));

/** A column that is one column of an entity all the way, renamed or not, is called like it. */
function columnTitle(
  lineage: ProjectLineage,
  byId: ReadonlyMap<string, PublishedNode>,
  { node, column, kind }: ColumnInput,
  locale: Locale,
): string | null {
  const own = byId.get(node);
  if (!own) return null;
  if (own.type === "source") {
    const label = entityOf(own)?.columns[column]?.label ?? Object.entries(systemColumns).find(([name]) => name === column)?.[1].label;
    return label?.[language(locale)] ?? null;
  }
  if (kind !== "identity" && kind !== "renamed") return null;
  const [origin, ...others] = originsOf(lineage, node, column);
  if (!origin || others.length > 0 || (origin.kind !== "identity" && origin.kind !== "renamed")) return null;
  return columnTitle(lineage, byId, origin, locale);
}

/** The inputs of a measure or dimension, read of marts, as columns of nodes the caller may know of. */
export function seenInputs(inputs: readonly ColumnInput[], seen: readonly SeenNode[]): { inputs: ColumnInput[]; hiddenInputs: number } {
  const byName = new Map(seen.filter(({ type }) => type !== "source").map((node) => [node.name.toLowerCase(), node]));
  const known = inputs.flatMap((input) => {
    const node = byName.get(input.node);
    const isSeen = input.column === "*" || node?.columns.some(({ name }) => name.toLowerCase() === input.column.toLowerCase());
    return node && isSeen ? [{ ...input, node: node.id }] : [];
  });
  return { inputs: known, hiddenInputs: inputs.length - known.length };
}
