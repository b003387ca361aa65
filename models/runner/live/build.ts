import type { DuckDBConnection } from "@duckdb/node-api";
import type { Mirror } from "@kehu/ingest";
import { executeNodes, type ExecuteOptions } from "../execute.ts";
import type { NodeResult } from "../node-result.ts";
import type { Node, Project } from "../resources.ts";
import { ledgerSql, martsAmong, writeFinishedBuild, type LedgerEntry } from "./ledger.ts";
import type { BuiltContent } from "./built-content.ts";
import { planBuild, type BuildPlan, type BuildReason } from "./plan.ts";
import { readsTheTime } from "./refresh.ts";

/** A node failed: nothing is published, the earlier snapshot stays. */
export class BuildFailure extends Error {
  override name = "BuildFailure";
  readonly failed: readonly NodeResult[];
  constructor(failed: readonly NodeResult[]) {
    super(failed.map((result) => `${result.status} ${result.name}: ${result.message ?? ""}`).join("\n"));
    this.failed = failed;
  }
}

export interface BuildRequest {
  project: Project;
  mirror: Pick<Mirror, "applied" | "waitFor">;
  /** The first one makes the cut; all of them build what is downstream. */
  connections: readonly DuckDBConnection[];
  build: string;
  fingerprint: string;
  companyDay: string;
  asOf: Date;
  now: () => Date;
  /** Asked after the cut's position is known and every event up to it has been heard. */
  reason: () => BuildReason;
  content: BuiltContent;
}

export interface BuildOutcome {
  lsn: string;
  freshTo: string;
  /** Marts and reports rebuilt. */
  changed: string[];
  /** Tests of severity warn that found rows. */
  failedTests: number;
}

const heardWithinMs = 10_000;

/**
 * One build: the cut (one transaction: the mirror's position, the staging tables of what changed, an unfinished ledger entry), everything downstream, tests, meta.
 * Raises BuildFailure when a node or a test of severity error failed.
 */
export async function runBuild(request: BuildRequest): Promise<BuildOutcome> {
  const { connections, mirror, content } = request;
  const [connection] = connections;
  if (!connection) throw new Error("a build needs a connection");
  const project: Project = { ...request.project, vars: { ...request.project.vars, as_of: request.asOf.toISOString() } };
  const startedAt = request.now();

  await connection.run("begin");
  let lsn: string;
  let freshTo: string;
  let plan: BuildPlan;
  let reason: BuildReason;
  content.begin();
  try {
    const state = await readAppliedState(connection);
    lsn = state.lsn;
    // The rows are visible a moment before the mirror tells which tables they were in.
    await mirror.waitFor(lsn, heardWithinMs);
    const applied = mirror.applied();
    freshTo = applied?.lsn === lsn ? applied.at : state.at;
    reason = request.reason();
    plan = planBuild(project, reason);
    await connection.run(ledgerSql(ledgerEntry(request, lsn, false)));
    await executeAll({ project, selected: plan.cut, connections: [connection], inTransaction: true, ...recording(content) });
    await connection.run("commit");
  } catch (error) {
    await connection.run("rollback").catch(() => undefined);
    throw error;
  }

  const { always } = plan;
  const built = new Set(plan.cut);
  const isDue = (node: Node): boolean =>
    always.has(node.uniqueId) ||
    node.dependsOn.some((id) => content.hasChanged(id)) ||
    (node.resourceType === "test" && (reason === "all" || readsTheTime(node, project)));
  const onBuilt = async (node: Node, on: DuckDBConnection): Promise<void> => {
    built.add(node);
    await content.record(node, on);
  };
  const results = await executeAll({ project, selected: [...plan.downstream, ...plan.tests], connections, isDue, onBuilt });
  const tests = results.filter((result) => result.resourceType === "test");
  // A full build may have other settings or another day: all of it counts as changed.
  const rebuilt = [...plan.cut, ...plan.downstream].filter(
    (node) => built.has(node) && (reason === "all" || content.hasChanged(node.uniqueId)),
  );
  const entry = ledgerEntry(request, lsn, true);
  await writeFinishedBuild(connection, project, { entry, freshTo, startedAt, finishedAt: request.now(), rebuilt, tests });
  const changed = martsAmong(rebuilt).map((node) => node.alias);
  return { lsn, freshTo, changed, failedTests: tests.filter((result) => result.status === "warn").length };
}

const recording = (content: BuiltContent): Pick<ExecuteOptions, "onBuilt"> => ({
  onBuilt: (node, connection) => content.record(node, connection),
});

const ledgerEntry = (request: BuildRequest, lsn: string, isFinished: boolean): LedgerEntry => ({
  build: request.build,
  lsn,
  isFinished,
  fingerprint: request.fingerprint,
  companyDay: request.companyDay,
});

async function executeAll(options: Omit<ExecuteOptions, "gate">): Promise<NodeResult[]> {
  const results = await executeNodes({ ...options, gate: false });
  const failed = results.filter((result) => result.status === "error" || result.status === "fail");
  if (failed.length > 0) throw new BuildFailure(failed);
  return results;
}

/** The mirror's position as this transaction sees it. */
async function readAppliedState(connection: DuckDBConnection): Promise<{ lsn: string; at: string }> {
  const result = await connection.run(
    "select applied_lsn, strftime(timezone('UTC', applied_at), '%Y-%m-%dT%H:%M:%S.%gZ') as applied_at from mirror.meta.mirror_state",
  );
  const [row] = await result.getRowObjectsJS();
  if (!row) throw new Error("the mirror has no position yet: it was never copied");
  return { lsn: String(row.applied_lsn), at: String(row.applied_at) };
}
