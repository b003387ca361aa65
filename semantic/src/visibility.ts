/** Which marts each view reads, found by planning its members; so what a caller is shown follows from the model and the policy alone. */
import type { MetaCube } from "./cube-types.ts";
import type { Gate } from "./gate.ts";
import type { Planner } from "./plan.ts";

export interface Visibility {
  /** Marts (lower case) that any member of the view or cube reads. */
  martsOf: (cube: string) => Promise<ReadonlySet<string>>;
}

export const createVisibility = (planner: Planner, gate: Gate, timezone: string): Visibility => {
  const cubes = new Map(planner.model.cubes["zh-CN"].map((cube) => [cube.name, cube]));
  const known = new Map<string, Promise<ReadonlySet<string>>>();
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
      if (!cube) return Promise.resolve(new Set());
      const finding = known.get(name) ?? find(cube);
      known.set(name, finding);
      return finding;
    },
  };
};
