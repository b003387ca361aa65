/** Which marts each view reads, found by planning its members; so what a caller is shown follows from the model and the policy alone. */
import type { MetaCube } from "./cube-types.ts";
import type { Gate } from "./gate.ts";
import type { Planner } from "./plan.ts";
import type { ErrorLog } from "./reader.ts";

export interface Visibility {
  /** Marts (lower case) that any member of the view or cube reads; undefined when it cannot be served, which is logged once. */
  martsOf: (cube: string) => Promise<ReadonlySet<string> | undefined>;
  /** The SQL that reads a member alone. Throws for a name that the model does not have. */
  sqlOf: (member: string) => string;
}

export const createVisibility = (planner: Planner, gate: Gate, timezone: string, logger: ErrorLog): Visibility => {
  const cubes = new Map(planner.model.cubes["zh-CN"].map((cube) => [cube.name, cube]));
  const known = new Map<string, Promise<ReadonlySet<string> | undefined>>();
  const alone = (member: string): { measures?: string[]; dimensions?: string[]; segments?: string[] } => {
    const known = planner.model.members.get(member);
    if (!known) throw new Error(`the model has no member ${member}`);
    if (known.kind === "measure") return { measures: [member] };
    if (known.kind === "dimension") return { dimensions: [member] };
    const [dimension] = cubes.get(known.cube)?.dimensions ?? [];
    return { dimensions: dimension ? [dimension.name] : [], segments: [member] };
  };
  const sqlOf = (member: string): string =>
    planner.plan({ dimensions: [], timeDimensions: [], filters: [], timezone, ...alone(member) }).sql;
  const find = async (cube: MetaCube): Promise<ReadonlySet<string>> => {
    const marts = new Set<string>();
    for (const { name } of [...cube.measures, ...cube.dimensions, ...cube.segments])
      for (const mart of await gate.relations(sqlOf(name))) marts.add(mart);
    return marts;
  };
  return {
    sqlOf,
    martsOf: (name) => {
      const cube = cubes.get(name);
      if (!cube) return Promise.resolve(undefined);
      const finding =
        known.get(name) ??
        find(cube).catch((error: unknown) => {
          if (!gate.closed())
            logger.error(
              { err: error, cube: name },
              "a view of the model cannot be planned or names what no one may read; it is shown to nobody",
            );
          return undefined;
        });
      known.set(name, finding);
      return finding;
    },
  };
};
