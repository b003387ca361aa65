import type { DuckDBConnection } from "@duckdb/node-api";
import type { Mirror } from "@kehu/ingest";
import type { ExecuteOptions } from "../execute.ts";
import type { NodeResult } from "../node-result.ts";
import type { Node, Project } from "../resources.ts";
import { withBuildSettings } from "./build-settings.ts";
import type { ChangedRows } from "./changed-rows.ts";
import { martsAmong, readPassedTests, writeFinishedBuild } from "./ledger.ts";
import { isNewDay, makeCut, type Cut } from "./make-cut.ts";
import { building, compareAll, executeAll } from "./make-nodes.ts";
import { narrowTest } from "./narrow-tests.ts";
import type { BuildReason } from "./plan.ts";
import { writeSelfCheck, type Drift } from "./self-check.ts";
import { slowMartStatements } from "./slow-marts.ts";
import { UnharmedTests } from "./unharmed-tests.ts";
import { openWorkArea, workArea } from "./work-area.ts";

export interface BuildRequest {
  project: Project;
  mirror: Pick<Mirror, "applied" | "waitFor">;
  /** The first one makes the cut; all of them build what is downstream. */
  connections: readonly DuckDBConnection[];
  /** DuckDB's usual ones. */
  threads: number;
  build: string;
  fingerprint: string;
  companyDay: string;
  asOf: Date;
  now: () => Date;
  /** Asked after the cut's position is known and every event up to it has been heard. */
  reason: () => BuildReason;
  changes: ChangedRows;
}

export interface BuildOutcome {
  lsn: string;
  freshTo: string;
  /** Marts and reports that came out with other rows. */
  changed: string[];
  /** Tests of severity warn that found rows. */
  failedTests: number;
  /** What the comparison with a whole build found and mended; null when this build made none. */
  drifts: Drift[] | null;
  /** Everything that was built or tested. */
  results: NodeResult[];
}

/**
 * One build: the cut (one transaction: the mirror's position, the staging tables of what changed, an unfinished ledger entry), everything downstream, tests,
 * meta. The first build of a company's day is also compared with a whole one. Raises BuildFailure when a node or a test of severity error failed.
 */
export async function runBuild(request: BuildRequest): Promise<BuildOutcome> {
  const {
    connections: [connection],
    changes,
  } = request;
  if (!connection) throw new Error("a build needs a connection");
  const project: Project = { ...request.project, vars: { ...request.project.vars, as_of: request.asOf.toISOString() } };
  const startedAt = request.now();
  changes.begin();
  await openWorkArea(connection);
  return withBuildSettings(connection, request.threads, () => buildAndTest({ ...request, project }, connection, startedAt));
}

async function buildAndTest(request: BuildRequest, connection: DuckDBConnection, startedAt: Date): Promise<BuildOutcome> {
  const { project, changes } = request;
  const cut = await makeCut(request, connection);
  try {
    const downstream = await buildDownstream(request, cut);
    const { reason, plan, lsn, freshTo } = cut;
    const drifts = cut.drifts && downstream.drifts ? [...cut.drifts, ...downstream.drifts] : null;
    const results = [...cut.results, ...downstream.results];
    const tests = results.filter((result) => result.resourceType === "test");
    // A full build may have other settings: all of it counts as changed.
    const restated = [...project.nodes.values()].filter((node) => changes.restated().has(node.uniqueId));
    const rebuilt = reason === "all" ? [...plan.cut, ...plan.downstream] : restated;
    const entry = { ...cut.entry, isFinished: true };
    const besides = slowMartStatements(project, reason, freshTo);
    const keepsColumns = (node: Node): boolean => reason !== "all" && changes.rowsOf(node.uniqueId) !== null;
    const finishedAt = request.now();
    await writeFinishedBuild(connection, project, { entry, freshTo, startedAt, finishedAt, rebuilt, keepsColumns, tests, besides });
    if (drifts) await writeSelfCheck(connection, request.build, request.now(), cut.checked + downstream.checked, drifts);
    changes.finish();
    const changed = martsAmong(rebuilt).map((node) => node.alias);
    return { lsn, freshTo, changed, failedTests: tests.filter((result) => result.status === "warn").length, drifts, results };
  } catch (error) {
    changes.abandon([...cut.plan.downstream, ...cut.plan.tests].map((node) => node.uniqueId));
    throw error;
  }
}

async function buildDownstream(
  request: BuildRequest,
  { reason, plan }: Cut,
): Promise<{ results: NodeResult[]; drifts: Drift[] | null; checked: number }> {
  const { project, connections, changes } = request;
  const isDue = (node: Node): boolean => {
    const due =
      reason === "all" ||
      (reason.newDay && node.resourceType === "test") ||
      plan.always.has(node.uniqueId) ||
      changes.overdue.has(node.uniqueId) ||
      node.dependsOn.some((id) => changes.hasChanged(id));
    if (!due) changes.settle(node.uniqueId);
    return due;
  };
  const build = building(request, reason, plan, workArea);
  const common = { project, connections, isDue, hasFitTables: reason !== "all" };
  if (!isNewDay(reason)) {
    const passed = reason === "all" ? new Set<string>() : await readPassedTests(connections[0]!);
    const narrow: ExecuteOptions["narrow"] = (node, compiler, connection) =>
      plan.always.has(node.uniqueId)
        ? Promise.resolve(undefined)
        : narrowTest(node, compiler, connection, { project, changes, area: workArea, passed });
    const tests = new UnharmedTests({ project, changes, passed });
    const unharmed: ExecuteOptions["unharmed"] = (nodes, compiler, connection) =>
      tests.among(
        nodes.filter((node) => !plan.always.has(node.uniqueId)),
        compiler,
        connection,
      );
    const results = await executeAll({ ...common, selected: [...plan.downstream, ...plan.tests], unharmed, narrow, ...build });
    return { results, drifts: null, checked: 0 };
  }
  const models = await executeAll({ ...common, selected: plan.downstream, ...build });
  const { drifts, checked } = await compareAll(
    { project, connections },
    plan.all.filter((node) => !plan.readsSources(node)),
    changes,
    workArea,
  );
  const tests = await executeAll({ ...common, selected: plan.tests });
  return { results: [...models, ...tests], drifts, checked };
}
