/** How a column gets its values from one upstream column. */
export type InputKind = "direct" | "derived" | "aggregated";

/** An upstream column; `column` is `*` where only the number or existence of rows matters (`count(*)`). */
export interface Input {
  relation: string;
  column: string;
  kind: InputKind;
}

/** Where a column's values come from. Without inputs it is a constant, unless `problem` says why it could not be found out. */
export interface Origin {
  inputs: ReadonlyMap<string, Input>;
  problem?: string;
}

export const rowsOf = "*";

const rank: Record<InputKind, number> = { direct: 0, derived: 1, aggregated: 2 };

export const constant: Origin = { inputs: new Map() };

export const unresolved = (problem: string): Origin => ({ inputs: new Map(), problem });

export const columnOrigin = (relation: string, column: string): Origin => ({
  inputs: new Map([[keyOf(relation, column), { relation, column, kind: "direct" }]]),
});

/** One origin out of several, each input at least `kind`; the strongest wins where an input comes twice. */
export function combine(origins: Iterable<Origin>, kind: InputKind): Origin {
  const inputs = new Map<string, Input>();
  let problem: string | undefined;
  for (const origin of origins) {
    problem ??= origin.problem;
    for (const [key, input] of origin.inputs) {
      const stronger = rank[input.kind] >= rank[kind] ? input.kind : kind;
      const known = inputs.get(key);
      if (!known || rank[known.kind] < rank[stronger]) inputs.set(key, { ...input, kind: stronger });
    }
  }
  return problem === undefined ? { inputs } : { inputs, problem };
}

/** The rows of relations, as an input of `count(*)`. */
export const rowOrigin = (relations: Iterable<string>): Origin =>
  combine(
    [...relations].map((relation) => columnOrigin(relation, rowsOf)),
    "aggregated",
  );

export const sameOrigin = (left: Origin, right: Origin): boolean =>
  left.problem === right.problem &&
  left.inputs.size === right.inputs.size &&
  [...left.inputs].every(([key, { kind }]) => right.inputs.get(key)?.kind === kind);

/** DuckDB's names ignore case. */
const keyOf = (relation: string, column: string): string => `${relation}\u0000${column.toLowerCase()}`;
