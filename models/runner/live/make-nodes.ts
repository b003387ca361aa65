import { executeNodes, type BuildTools, type ExecuteOptions } from "../execute.ts";
import type { Materialization } from "../materialize.ts";
import type { NodeResult } from "../node-result.ts";
import type { Node, Project } from "../resources.ts";
import type { ChangedRows } from "./changed-rows.ts";
import { buildDifferentially } from "./differential-build.ts";
import type { BuildPlan, BuildReason } from "./plan.ts";
import { checkAgainstWhole, type Drift } from "./self-check.ts";
import type { SourceChanges } from "./source-changes.ts";

/** A node failed: nothing is published, the earlier snapshot stays. */
export class BuildFailure extends Error {
  override name = "BuildFailure";
  readonly failed: readonly NodeResult[];
  constructor(failed: readonly NodeResult[]) {
    super(failed.map((result) => `${result.status} ${result.name}: ${result.message ?? ""}`).join("\n"));
    this.failed = failed;
  }
}

/** Where the cut may make tables: its transaction can write to one database only, and this is none. */
export const cutArea = "temp.main";

/** How nodes are built: from nothing, or so that only what differs is written. */
export function building(
  { project, changes }: { project: Project; changes: ChangedRows },
  reason: BuildReason,
  plan: BuildPlan,
  area: string,
  sources?: SourceChanges,
): Required<Pick<ExecuteOptions, "build">> {
  return {
    build: async (node: Node, tools: BuildTools): Promise<Materialization> => {
      const inTransaction = area === cutArea;
      let built: Materialization;
      if (reason === "all") {
        built = await tools.materialize();
        changes.put(node.uniqueId, null);
      } else {
        built = await buildDifferentially(node, tools, {
          project,
          whole: plan.whole,
          changes,
          area,
          inTransaction,
          ...(sources && { sources }),
        });
      }
      changes.settle(node.uniqueId);
      return built;
    },
  };
}

/** Compares these tables with what a whole build makes, in the order of their dependencies, and mends what differs. */
export async function compareAll(
  where: Pick<ExecuteOptions, "project" | "connections" | "inTransaction">,
  selected: readonly Node[],
  changes: ChangedRows,
  area: string,
): Promise<{ drifts: Drift[]; checked: number }> {
  const drifts: Drift[] = [];
  const models = selected.filter((node) => node.resourceType === "model");
  const build = async (node: Node, tools: BuildTools): Promise<Materialization> => {
    const drift = await checkAgainstWhole(node, tools, { area, inTransaction: where.inTransaction ?? false });
    if (drift) {
      drifts.push(drift);
      changes.put(node.uniqueId, null);
    }
    return { description: `comparison of ${node.schema}.${node.alias}`, compiledCode: null, relationName: null };
  };
  await executeAll({ ...where, selected: models, build });
  return { drifts, checked: models.length };
}

/** Builds or tests nodes, all that can be. Raises BuildFailure when one failed. */
export async function executeAll(options: Omit<ExecuteOptions, "gate">): Promise<NodeResult[]> {
  const results = await executeNodes({ ...options, gate: false });
  const failed = results.filter((result) => result.status === "error" || result.status === "fail");
  if (failed.length > 0) throw new BuildFailure(failed);
  return results;
}
