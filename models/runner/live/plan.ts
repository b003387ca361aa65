import { Graph } from "../graph.ts";
import type { Node, Project } from "../resources.ts";

/** What one build does, in its two steps. */
export interface BuildPlan {
  /** Models that read sources: built in the cut's transaction. */
  cut: Node[];
  /** Seeds (in a full build) and everything downstream of the cut. */
  downstream: Node[];
  /** Data tests of everything rebuilt. */
  tests: Node[];
}

const isBuilt = (node: Node): boolean => node.resourceType === "model" || node.resourceType === "seed";
const readsSources = (node: Node): boolean => node.dependsOn.some((id) => id.startsWith("source."));

/** The raw tables that any model reads. */
export function rawTables(project: Project): Set<string> {
  const read = new Set([...project.nodes.values()].flatMap((node) => (isBuilt(node) ? node.dependsOn : [])));
  return new Set([...project.sources.values()].filter((source) => read.has(source.uniqueId)).map((source) => source.identifier));
}

/** Pure: the nodes to rebuild when these raw tables changed, or all of them. */
export function planBuild(project: Project, changed: readonly string[] | "all"): BuildPlan {
  const nodes = [...project.nodes.values()];
  let rebuilt = nodes.filter(isBuilt);
  if (changed !== "all") {
    const graph = new Graph(nodes);
    const sources = [...project.sources.values()].filter((source) => changed.includes(source.identifier));
    const reached = new Set(sources.flatMap((source) => [...graph.descendants(source.uniqueId)]));
    rebuilt = rebuilt.filter((node) => reached.has(node.uniqueId));
  }
  const ids = new Set(rebuilt.map((node) => node.uniqueId));
  return {
    cut: rebuilt.filter(readsSources),
    downstream: rebuilt.filter((node) => !readsSources(node)),
    tests: nodes.filter((node) => node.resourceType === "test" && node.dependsOn.some((id) => ids.has(id))),
  };
}
