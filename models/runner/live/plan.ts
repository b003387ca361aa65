import { isFitSource } from "../fits/fit-tables.ts";
import { Graph } from "../graph.ts";
import type { Node, Project, Source } from "../resources.ts";
import { refreshOf, timeGrainOf, type Refresh } from "./refresh.ts";

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
  /** Of these, those that are made whole: the hour, the day or the time reaches all of their rows, or which rows changed is not known. */
  whole: ReadonlySet<string>;
  /** Everything that any build makes. */
  all: Node[];
  /** Whether the cut makes it. */
  readsSources(node: Node): boolean;
}

/** Why there is a build: everything, or the raw tables that changed and what waits for the full hour or the company's new day. */
export type BuildReason = "all" | Occasion;

export interface Occasion {
  changed: readonly string[];
  hourly: boolean;
  newDay: boolean;
  /** Left undone by a build that failed. */
  overdue: ReadonlySet<string>;
  /** Results of fits were stored since the last finished build: all that reads them is made, however seldom it follows other changes. */
  fitted: boolean;
}

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
  const decided = reason === "all" ? new Set<string>() : downstreamOf(project, (source) => isDecided(source, reason));
  const beside = slowInputs(project, decided);
  const due = reason === "all" ? all : [...new Set([...dueByThemselves(project, all, reason), ...beside])];
  const fitted = reason === "all" || !reason.fitted ? new Set<string>() : downstreamOf(project, isFitSource);
  /** What follows this occasion however seldom it follows others. */
  const atOnce = new Set([...decided, ...idsOf(beside), ...fitted]);
  const rebuilt = reason === "all" ? all : reached(project, all, due, reason, atOnce);
  const ids = idsOf(rebuilt);
  const tests = nodes.filter((node) => node.resourceType === "test");
  const slowest = slowestUpstream(project);
  const slow = new Map(tests.filter(comparesRelations).map((test) => [test, slowest(test.uniqueId)]));
  /** Relations of different ages say different things: what compares them waits until all of them are made. */
  const isTimely = (test: Node): boolean => reason === "all" || followsWith(slow.get(test) ?? "live", reason);
  const late = tests.filter((test) => (slow.get(test) ?? "live") !== "live" && isTimely(test));
  return {
    cut: rebuilt.filter(readsSources),
    downstream: rebuilt.filter((node) => !readsSources(node)),
    tests: tests.filter(
      (test) => isTimely(test) && (late.includes(test) || isOverdue(test, reason) || test.dependsOn.some((id) => ids.has(id))),
    ),
    always: idsOf([...due, ...rebuilt.filter(readsSources), ...late]),
    // What follows seldom does not know either which rows of its other inputs changed since.
    whole: idsOf([...due, ...all.filter((node) => atOnce.has(node.uniqueId) && refreshOf(node) !== "live")]),
    all,
    readsSources,
  };
}

const isOverdue = (node: Node, reason: BuildReason): boolean => reason !== "all" && reason.overdue.has(node.uniqueId);

const comparesRelations = (test: Node): boolean => new Set(test.dependsOn).size > 1;

/** The refresh that a node and everything upstream of it keep up with. */
export function slowestUpstream(project: Project): (id: string) => Refresh {
  const order: readonly Refresh[] = ["live", "hourly", "nightly"];
  const known = new Map<string, Refresh>();
  const slowest = (id: string): Refresh => {
    const found = known.get(id);
    if (found) return found;
    const node = project.nodes.get(id);
    const all = node ? [...(isBuilt(node) ? [refreshOf(node)] : []), ...node.dependsOn.map(slowest)] : [];
    const worst = order[Math.max(0, ...all.map((refresh) => order.indexOf(refresh)))] ?? "live";
    known.set(id, worst);
    return worst;
  };
  return slowest;
}

const followsWith = (refresh: Refresh, occasion: Occasion): boolean =>
  refresh === "live" || occasion.newDay || (refresh === "hourly" && occasion.hourly);

/** Whether what refreshes this often is complete after a build for this reason. */
export const isTakenUpOn = (refresh: Refresh, reason: BuildReason): boolean => reason === "all" || followsWith(refresh, reason);

/** Whether a change of what it reads is taken up on this occasion. */
const follows = (node: Node, occasion: Occasion): boolean => followsWith(refreshOf(node), occasion);

/** What the hour, the day or the time itself makes again. Which rows changed since they were last made is not kept. */
function dueByThemselves(project: Project, all: readonly Node[], occasion: Occasion): Node[] {
  return all.filter((node) => {
    if (isOverdue(node, occasion)) return true;
    if (!follows(node, occasion)) return false;
    const grain = timeGrainOf(node, project);
    return refreshOf(node) !== "live" || grain === "instant" || (grain === "day" && occasion.newDay);
  });
}

/** A changed source that says with `meta.decides` that its rows are decisions of the company: what reads them follows with the next build, nightly models too. */
const isDecided = (source: Source, occasion: Occasion): boolean =>
  source.config.meta.decides === true && occasion.changed.includes(source.identifier);

/** Unique ids of these sources and of what reads them, by whatever way. */
function downstreamOf(project: Project, isWanted: (source: Source) => boolean): Set<string> {
  const graph = new Graph(project.nodes.values());
  const found = new Set([...project.sources.values()].filter(isWanted).map((source) => source.uniqueId));
  // A set goes on to what is added to it on the way.
  for (const id of found) for (const child of graph.children(id)) found.add(child);
  return found;
}

/**
 * The slow models that slow ones among `made` are made of, by whatever way. They are made with them: beside inputs of last night, what is
 * made today would state figures of two days in one.
 */
function slowInputs(project: Project, made: ReadonlySet<string>): Node[] {
  const isSlow = (node: Node | undefined): node is Node => node !== undefined && isBuilt(node) && refreshOf(node) !== "live";
  const upstream = new Set<string>();
  const starts = [...made].map((id) => project.nodes.get(id)).filter(isSlow);
  for (const node of starts) for (const id of node.dependsOn) upstream.add(id);
  for (const id of upstream) for (const parent of project.nodes.get(id)?.dependsOn ?? []) upstream.add(parent);
  return [...upstream].map((id) => project.nodes.get(id)).filter(isSlow);
}

/** What is due and everything downstream of it and of the changes, but not by way of models that are not due now. */
function reached(project: Project, all: readonly Node[], due: readonly Node[], occasion: Occasion, atOnce: ReadonlySet<string>): Node[] {
  const graph = new Graph(project.nodes.values());
  const isTakenUp = (id: string): boolean => {
    const node = project.nodes.get(id);
    return node !== undefined && isBuilt(node) && (atOnce.has(id) || isOverdue(node, occasion) || follows(node, occasion));
  };
  const sources = [...project.sources.values()].filter(
    (source) => occasion.changed.includes(source.identifier) || (occasion.fitted && isFitSource(source)),
  );
  const found = new Set<string>();
  const waiting = [...sources.flatMap((source) => graph.children(source.uniqueId)), ...idsOf(due)];
  for (const id of waiting) {
    if (found.has(id) || !isTakenUp(id)) continue;
    found.add(id);
    waiting.push(...graph.children(id));
  }
  return all.filter((node) => found.has(node.uniqueId));
}
