import type { DuckDBConnection } from "@duckdb/node-api";
import type { Mirror } from "@kehu/ingest";
import { executeNodes, type BuildTools, type ExecuteOptions } from "../execute.ts";
import type { Materialization } from "../materialize.ts";
import type { NodeResult } from "../node-result.ts";
import type { Node, Project } from "../resources.ts";
import { literal, runStatements } from "../statements.ts";
import type { ChangedRows } from "./changed-rows.ts";
import { buildDifferentially, changedRowsTable } from "./differential-build.ts";
import { ledgerSql, martsAmong, readLedger, readPassedTests, writeFinishedBuild, type LedgerEntry } from "./ledger.ts";
import { narrowTest } from "./narrow-tests.ts";
import { planBuild, type BuildPlan, type BuildReason } from "./plan.ts";
import { checkAgainstWhole, writeSelfCheck, type Drift } from "./self-check.ts";
import { slowMartStatements } from "./slow-marts.ts";
import { rawShape, readSourceChanges, type SourceChanges } from "./source-changes.ts";
import { beginTogether } from "./same-moment.ts";
import { UnharmedTests } from "./unharmed-tests.ts";
import { openWorkArea, workArea } from "./work-area.ts";

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

const heardWithinMs = 10_000;
/**
 * How DuckDB writes during a build. Publishing checkpoints once: DuckDB's own way of doing it in the middle of a build would write the same tables again and
 * again; whole tables go into the file at once and don't count towards the log. Nothing reads a table by the place of its rows, and keeping them in order
 * makes its threads wait for each other.
 */
const writing = {
  wal_autocheckpoint: "1GB",
  preserve_insertion_order: "false",
} as const;
/** Where the cut may make tables: its transaction can write to one database only, and this is none. */
const cutArea = "temp.main";

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
  // The threads are the usual ones afterwards and not those found: whoever copies does with fewer for its time too.
  const before = { ...(await settingsNow(connection)), threads: String(request.threads) };
  await setAll(connection, writing);
  try {
    return await buildAndTest({ ...request, project }, connection, startedAt);
  } finally {
    await setAll(connection, before);
  }
}

/** What others of this process have set: the mirror gives the log more room than DuckDB does. */
async function settingsNow(connection: DuckDBConnection): Promise<Record<string, string>> {
  const names = Object.keys(writing);
  const result = await connection.run(`select ${names.map((name) => `current_setting('${name}')::varchar`).join(", ")}`);
  const [values = []] = await result.getRowsJS();
  return Object.fromEntries(names.map((name, index) => [name, String(values[index])]));
}

async function setAll(connection: DuckDBConnection, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [setting, value] of Object.entries(values)) await connection.run(`set global ${setting} = ${literal(value)}`);
}

/**
 * A build of parts has its connections work side by side, each a thread of its own beside DuckDB's. With more threads than there are processors those
 * without work wait actively and take what the others need: a quarter of all processor time after 1,000 changes.
 */
async function leaveThreads(connection: DuckDBConnection, { threads, connections }: BuildRequest): Promise<void> {
  await setAll(connection, { threads: String(Math.max(1, threads - connections.length + 1)) });
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

interface Cut {
  lsn: string;
  freshTo: string;
  reason: BuildReason;
  plan: BuildPlan;
  entry: LedgerEntry;
  results: NodeResult[];
  drifts: Drift[] | null;
  checked: number;
}

const isNewDay = (reason: BuildReason): boolean => reason !== "all" && reason.newDay;
/** Only changes are taken up: neither the time nor a fit has every row of a model made again. */
const isOfParts = (reason: BuildReason): boolean => reason !== "all" && !reason.newDay && !reason.hourly && !reason.fitted;

async function makeCut(request: BuildRequest, connection: DuckDBConnection): Promise<Cut> {
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

/** How nodes are built: from nothing, or so that only what differs is written. */
function building(
  { project, changes }: BuildRequest,
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
async function compareAll(
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
