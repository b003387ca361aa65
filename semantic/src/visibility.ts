/** Which marts each view reads, found by planning its members; so what a caller is shown follows from the model and the policy alone. */
import type { MetaCube } from "./cube-types.ts";
import type { Gate } from "./gate.ts";
import type { Planner } from "./plan.ts";
import type { ErrorLog } from "./reader.ts";

export interface Visibility {
  /** Marts (lower case) that any member of the view or cube reads; undefined when it cannot be served, which is logged once. */
  martsOf: (cube: string) => Promise<ReadonlySet<string> | undefined>;
}

export const createVisibility = (planner: Planner, gate: Gate, timezone: string, logger: ErrorLog): Visibility => {
  const cubes = new Map(planner.model.cubes["zh-CN"].map((cube) => [cube.name, cube]));
  const known = new Map<string, Promise<ReadonlySet<string> | undefined>>();
  const find = async (cube: MetaCube): Promise<ReadonlySet<string>> => {
    const members = [
      ...cube.measures.map(({ name }) => ({ measures: [name] })),
      ...cube.dimensions.map(({ name }) => ({ dimensions: [name] })),
      ...cube.segments.map(({ name }) => ({
        dimensions: cube.dimensions.slice(0, 1).map((dimension) => dimension.name),
        segments: [name],
      })),
    ];
    const marts = new Set<string>();
    for (const member of members) {
      const { sql } = planner.plan({ dimensions: [], timeDimensions: [], filters: [], timezone, ...member });
      for (const mart of await gate.relations(sql)) marts.add(mart);
    }
    return marts;
  };
  return {
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
