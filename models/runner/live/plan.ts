import { Graph } from "../graph.ts";
import type { Node, Project } from "../resources.ts";
import { readsTheTime, refreshOf } from "./refresh.ts";

/** What one build does, in its two steps. */
export interface BuildPlan {
  /** Models that read sources: built in the cut's transaction. */
  cut: Node[];
  /** Seeds (in a full build) and everything downstream of the cut. */
  downstream: Node[];
  /** Data tests of everything that may be rebuilt. */
  tests: Node[];
  /** Built whatever their parents came out as. */
  always: ReadonlySet<string>;
}

/** Why there is a build: everything, or the raw tables that changed, and with them the models that wait for the full hour. */
export type BuildReason = "all" | { changed: readonly string[]; hourly: boolean };

const isBuilt = (node: Node): boolean => node.resourceType === "model" || node.resourceType === "seed";
const readsSources = (node: Node): boolean => node.dependsOn.some((id) => id.startsWith("source."));
const idsOf = (nodes: readonly Node[]): Set<string> => new Set(nodes.map((node) => node.uniqueId));

/** The raw tables that any model reads. */
export function rawTables(project: Project): Set<string> {
  const read = new Set([...project.nodes.values()].flatMap((node) => (isBuilt(node) ? node.dependsOn : [])));
  return new Set([...project.sources.values()].filter((source) => read.has(source.uniqueId)).map((source) => source.identifier));
}

export const hasHourlyModels = (project: Project): boolean =>
  [...project.nodes.values()].some((node) => isBuilt(node) && refreshOf(node) === "hourly");

/** Pure: the nodes that a build for this reason may have to make. */
export function planBuild(project: Project, reason: BuildReason): BuildPlan {
  const nodes = [...project.nodes.values()];
  const all = nodes.filter(isBuilt);
  const rebuilt = reason === "all" ? all : reached(project, all, reason);
  const ids = idsOf(rebuilt);
  const cut = rebuilt.filter(readsSources);
  const always =
    reason === "all"
      ? rebuilt
      : rebuilt.filter((node) => readsSources(node) || readsTheTime(node, project) || refreshOf(node) === "hourly");
  return {
    cut,
    downstream: rebuilt.filter((node) => !readsSources(node)),
    tests: nodes.filter((node) => node.resourceType === "test" && node.dependsOn.some((id) => ids.has(id))),
    always: idsOf(always),
  };
}

/** Downstream of the changes and of what the time or the hour changes, but not by way of models that are not due now. */
function reached(project: Project, all: readonly Node[], reason: Exclude<BuildReason, "all">): Node[] {
  const graph = new Graph(project.nodes.values());
  const isDue = (id: string): boolean => {
    const node = project.nodes.get(id);
    if (!node || !isBuilt(node)) return false;
    const refresh = refreshOf(node);
    return refresh === "live" || (refresh === "hourly" && reason.hourly);
  };
  const sources = [...project.sources.values()].filter((source) => reason.changed.includes(source.identifier));
  const ofThemselves = all.filter((node) => readsTheTime(node, project) || (reason.hourly && refreshOf(node) === "hourly"));
  const found = new Set<string>();
  const waiting = [...sources.flatMap((source) => graph.children(source.uniqueId)), ...idsOf(ofThemselves)];
  for (const id of waiting) {
    if (found.has(id) || !isDue(id)) continue;
    found.add(id);
    waiting.push(...graph.children(id));
  }
  return all.filter((node) => found.has(node.uniqueId));
}
