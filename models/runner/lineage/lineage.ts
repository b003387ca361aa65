/** Where columns come from, as it is kept and shown. */

/**
 * identity, renamed: the upstream column itself · derived: computed row by row · aggregated: over several rows ·
 * constant: from no column · unresolved: `problem` says why it isn't known
 */
export type LineageKind = "constant" | "identity" | "renamed" | "derived" | "aggregated" | "unresolved";

export interface ColumnInput {
  /** Unique id of a model, seed, snapshot or source. */
  node: string;
  /** `*`: its rows. */
  column: string;
  kind: LineageKind;
}

export interface ColumnLineage {
  name: string;
  kind: LineageKind;
  /** Direct ones; `originsOf` follows them up. */
  inputs: ColumnInput[];
  problem?: string;
}

export interface NodeLineage {
  columns: ColumnLineage[];
  /** The nodes whose rows decide how many rows there are. */
  rows: string[];
  /** Why not all of its columns are known. */
  problem?: string;
}

/** Models and snapshots by unique id. */
export type ProjectLineage = ReadonlyMap<string, NodeLineage>;

/** Weakest first. */
const strength: readonly LineageKind[] = ["constant", "identity", "renamed", "derived", "aggregated", "unresolved"];

/** The kind of a column made from inputs of these kinds, or of a way over several models. */
export const strongest = (kinds: readonly LineageKind[]): LineageKind =>
  strength[Math.max(0, ...kinds.map((kind) => strength.indexOf(kind)))] ?? "constant";

/** The direct inputs of a column; of `*` the rows that make the rows. */
export function inputsOf(lineage: ProjectLineage, node: string, column: string): ColumnInput[] {
  const own = lineage.get(node);
  if (column === "*") return (own?.rows ?? []).map((upstream) => ({ node: upstream, column: "*", kind: "aggregated" }));
  return own?.columns.find(({ name }) => name.toLowerCase() === column.toLowerCase())?.inputs ?? [];
}

/** What was followed up once, by lineage and place: the ways of a project's columns lead through the same ones. Models have no cycle. */
const followed = new WeakMap<ProjectLineage, Map<string, readonly ColumnInput[]>>();

/** The columns at the far end (of sources, seeds, and what was not traced) that a column comes from, each with the strongest kind on the way. */
export function originsOf(lineage: ProjectLineage, node: string, column: string): readonly ColumnInput[] {
  const known = followed.get(lineage) ?? new Map<string, readonly ColumnInput[]>();
  followed.set(lineage, known);
  const follow = (from: string, name: string): readonly ColumnInput[] => {
    const place = placeOf(from, name);
    const before = known.get(place);
    if (before) return before;
    const found = new Map<string, ColumnInput>();
    for (const input of inputsOf(lineage, from, name))
      for (const end of lineage.has(input.node) ? follow(input.node, input.column) : [input]) {
        const far = placeOf(end.node, end.column);
        const other = found.get(far);
        found.set(far, { ...end, kind: strongest([input.kind, end.kind, ...(other ? [other.kind] : [])]) });
      }
    const origins = [...found.values()];
    known.set(place, origins);
    return origins;
  };
  return follow(node, column);
}

const placeOf = (node: string, column: string): string => `${node}\u0000${column}`;

/** Every column whose origin isn't known, as one line each. */
export const problemsOf = (lineage: ProjectLineage): string[] =>
  [...lineage].flatMap(([id, { columns, problem }]) => [
    ...(problem === undefined ? [] : [`${id}: ${problem}`]),
    ...columns.flatMap((column) => (column.problem === undefined ? [] : [`${id}.${column.name}: ${column.problem}`])),
  ]);
