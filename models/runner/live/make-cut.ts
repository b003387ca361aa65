import type { DuckDBConnection } from "@duckdb/node-api";
import type { NodeResult } from "../node-result.ts";
import type { Node } from "../resources.ts";
import { runStatements } from "../statements.ts";
import type { BuildRequest } from "./build.ts";
import { leaveThreads } from "./build-settings.ts";
import type { ChangedRows } from "./changed-rows.ts";
import { changedRowsTable } from "./differential-build.ts";
import { ledgerSql, readLedger, type LedgerEntry } from "./ledger.ts";
import { building, compareAll, cutArea, executeAll } from "./make-nodes.ts";
import { planBuild, type BuildPlan, type BuildReason } from "./plan.ts";
import { beginTogether } from "./same-moment.ts";
import type { Drift } from "./self-check.ts";
import { rawShape, readSourceChanges } from "./source-changes.ts";
import { workArea } from "./work-area.ts";

const heardWithinMs = 10_000;

/** What the rest of a build goes on from. */
export interface Cut {
  lsn: string;
  freshTo: string;
  reason: BuildReason;
  plan: BuildPlan;
  entry: LedgerEntry;
  results: NodeResult[];
  drifts: Drift[] | null;
  checked: number;
}

export const isNewDay = (reason: BuildReason): boolean => reason !== "all" && reason.newDay;
/** Only changes are taken up: neither the time nor a fit has every row of a model made again. */
const isOfParts = (reason: BuildReason): boolean => reason !== "all" && !reason.newDay && !reason.hourly && !reason.fitted;

/**
 * The first part of a build: in one moment of the mirror its position, the staging tables of what changed, and an unfinished ledger entry, so that a build that
 * ends in the middle is made again.
 */
export async function makeCut(request: BuildRequest, connection: DuckDBConnection): Promise<Cut> {
  const { project, mirror, changes } = request;
  let begun = await beginTogether(request.connections);
  let planned: BuildPlan | undefined;
  try {
    const state = await readAppliedState(connection);
    const { lsn } = state;
    // The rows are visible a moment before the mirror tells which tables they were in.
    await mirror.waitFor(lsn, heardWithinMs);
    const applied = mirror.applied();
    const freshTo = applied?.lsn === lsn ? applied.at : state.at;
    const reason = request.reason();
    const plan = planBuild(project, reason);
    if (isOfParts(reason)) await leaveThreads(connection, request);
    if (!isOfParts(reason) || !isSideBySide(plan.cut)) begun = await endOthers(begun);
    const before = await readLedger(connection);
    const shape = await rawShape(connection);
    const entry: LedgerEntry = {
      build: request.build,
      lsn,
      isFinished: false,
      fingerprint: request.fingerprint,
      companyDay: request.companyDay,
      rawShape: shape,
    };
    const since = before?.rawShape === shape ? before.lsn : null;
    const sources = await readSourceChanges(connection, project, reason === "all" ? [] : reason.changed, since);
    await connection.run(ledgerSql(entry));
    const builtOn = new Map<Node, DuckDBConnection>();
    const { build } = building(request, reason, plan, cutArea, sources);
    const results = await executeAll({
      project,
      connections: begun,
      inTransaction: true,
      hasFitTables: reason !== "all",
      selected: plan.cut,
      build: (node, tools) => {
        builtOn.set(node, tools.connection);
        return build(node, tools);
      },
    });
    const check = isNewDay(reason)
      ? await compareAll(
          { project, connections: [connection], inTransaction: true },
          plan.all.filter((node) => plan.readsSources(node)),
          changes,
          cutArea,
        )
      : null;
    // The ledger's first: from then on a build that does not finish is made again, whole.
    for (const one of begun) {
      await one.run("commit");
      planned = plan;
    }
    await carryOver(builtOn, changes);
    return { lsn, freshTo, reason, plan, entry, results, drifts: check?.drifts ?? null, checked: check?.checked ?? 0 };
  } catch (error) {
    for (const one of begun) await one.run("rollback").catch(() => undefined);
    if (planned) changes.lose([...planned.cut, ...planned.downstream, ...planned.tests].map((node) => node.uniqueId));
    throw error;
  }
}

async function endOthers([first, ...others]: readonly DuckDBConnection[]): Promise<DuckDBConnection[]> {
  for (const other of others) await other.run("rollback");
  return first ? [first] : [];
}

/** None of them reads another: what one transaction writes, the others don't see. */
function isSideBySide(nodes: readonly Node[]): boolean {
  const ids = new Set(nodes.map((node) => node.uniqueId));
  return nodes.every((node) => !node.dependsOn.some((id) => ids.has(id)));
}

/** The changed rows of staging tables, from where only the connection that made them sees them to where all do. */
async function carryOver(builtOn: ReadonlyMap<Node, DuckDBConnection>, changes: ChangedRows): Promise<void> {
  for (const [node, connection] of builtOn) {
    const rows = changes.hasChanged(node.uniqueId) ? changes.rowsOf(node.uniqueId) : null;
    if (rows === null) continue;
    const place = changedRowsTable(workArea, node);
    await runStatements(connection, [`create or replace table ${place} as select * from ${rows}`, `drop table ${rows}`]);
    changes.put(node.uniqueId, place);
  }
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
