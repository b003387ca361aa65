import type { DuckDBConnection } from "@duckdb/node-api";
import type { Mirror } from "@kehu/ingest";
import { executeNodes, type NodeResult } from "../execute.ts";
import type { Project } from "../resources.ts";
import { ledgerSql, martsAmong, writeFinishedBuild, type LedgerEntry } from "./ledger.ts";
import { planBuild } from "./plan.ts";

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
  changedTables: () => readonly string[] | "all";
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
  const { connections, mirror } = request;
  const [connection] = connections;
  if (!connection) throw new Error("a build needs a connection");
  const project: Project = { ...request.project, vars: { ...request.project.vars, as_of: request.asOf.toISOString() } };
  const startedAt = request.now();

  await connection.run("begin");
  let lsn: string;
  let freshTo: string;
  let plan;
  try {
    const state = await readAppliedState(connection);
    lsn = state.lsn;
    // The rows are visible a moment before the mirror tells which tables they were in.
    await mirror.waitFor(lsn, heardWithinMs);
    const applied = mirror.applied();
    freshTo = applied?.lsn === lsn ? applied.at : state.at;
    plan = planBuild(project, request.changedTables());
    await connection.run(ledgerSql(ledgerEntry(request, lsn, false)));
    await executeAll(project, plan.cut, [connection], true);
    await connection.run("commit");
  } catch (error) {
    await connection.run("rollback").catch(() => undefined);
    throw error;
  }

  const results = await executeAll(project, [...plan.downstream, ...plan.tests], connections);
  const tests = results.filter((result) => result.resourceType === "test");
  const rebuilt = [...plan.cut, ...plan.downstream];
  const entry = ledgerEntry(request, lsn, true);
  await writeFinishedBuild(connection, project, { entry, freshTo, startedAt, finishedAt: request.now(), rebuilt, tests });
  const changed = martsAmong(rebuilt).map((node) => node.alias);
  return { lsn, freshTo, changed, failedTests: tests.filter((result) => result.status === "warn").length };
}

const ledgerEntry = (request: BuildRequest, lsn: string, isFinished: boolean): LedgerEntry => ({
  build: request.build,
  lsn,
  isFinished,
  fingerprint: request.fingerprint,
  companyDay: request.companyDay,
});

async function executeAll(
  project: Project,
  selected: Parameters<typeof executeNodes>[0]["selected"],
  connections: readonly DuckDBConnection[],
  inTransaction = false,
): Promise<NodeResult[]> {
  const results = await executeNodes({ project, selected, connections, gate: false, inTransaction });
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
