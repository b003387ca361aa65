import type { DuckDBConnection } from "@duckdb/node-api";
import { Catalog } from "./catalog.ts";
import { Compiler, type Substitution } from "./compiler.ts";
import { messageOf, passUnasked, passesWithoutRows, runDataTests, type TestOutcome } from "./data-tests.ts";
import { BatchError, NodeError } from "./errors.ts";
import { createFitTables, ownFitTables } from "./fits/fit-tables.ts";
import { Graph } from "./graph.ts";
import { customMaterialization } from "./custom-materialization.ts";
import { materialize, type Materialization } from "./materialize.ts";
import { quoteIdentifier, type Relation } from "./relation.ts";
import type { Span } from "./microbatch.ts";
import type { Node, Project, Settings } from "./resources.ts";
import { progressLine, type NodeResult, type Progress, type Status } from "./node-result.ts";
import { planUnits, runUnits, type Unit } from "./schedule.ts";
import { withQueryComment } from "./query-comment.ts";
import { runStatements } from "./statements.ts";
import { runStoredTest, storesFailures } from "./store-failures.ts";
import { runUnitTest } from "./unit-tests.ts";

/** What a build of one node has at hand. */
export interface BuildTools {
  compiler: Compiler;
  catalog: Catalog;
  connection: DuckDBConnection;
  /** Its materialization is one of the project's own. */
  isCustom: boolean;
  /** The ordinary way. */
  materialize(): Promise<Materialization>;
}

export interface ExecuteOptions {
  project: Project;
  selected: readonly Node[];
  /** One worker each; one connection means one node after another. */
  connections: readonly DuckDBConnection[];
  /** Models wait for the tests of their parents, and are skipped when one fails. */
  gate: boolean;
  /** The command's name, and the rest of the call, as templates see them; default `build`. */
  command?: string;
  callArguments?: Settings;
  /** Of models built batch by batch: the span to build. */
  times?: Span | undefined;
  /** By the model's unique id: these batches and no others. */
  batches?: ReadonlyMap<string, readonly Span[]> | undefined;
  /** Relations of an earlier run, by unique id, for what is neither selected nor built here. */
  deferred?: ReadonlyMap<string, Relation> | undefined;
  /** Read those also where this target has its own. */
  favorState?: boolean;
  /** Give every model the columns of what it reads, and no rows. */
  empty?: boolean;
  failFast?: boolean;
  fullRefresh?: boolean;
  /** Keep the failing rows of every test that does not say otherwise. */
  storeFailures?: boolean;
  /** The first connection is in a transaction that the caller ends. */
  inTransaction?: boolean;
  /** The tables that fits fill are there, with all their columns. */
  hasFitTables?: boolean;
  /** Asked right before a node would be built or tested: false leaves it as it is, and out of the results. */
  isDue?: (node: Node) => boolean;
  /** Builds a node in the place of the ordinary way. */
  build?: (node: Node, tools: BuildTools) => Promise<Materialization>;
  /** Of these data tests those that still pass, with their SQL, asked right before they would run. */
  unharmed?: (nodes: readonly Node[], compiler: Compiler, connection: DuckDBConnection) => Promise<ReadonlyMap<Node, string>>;
  /** What a data test reads in the place of its relations, asked right before it runs. */
  narrow?: (node: Node, compiler: Compiler, connection: DuckDBConnection) => Promise<Substitution | undefined>;
  /** Right before a node is built, on the connection that builds it. */
  beforeBuild?: (node: Node, connection: DuckDBConnection) => Promise<void>;
  /** After a node was built, on the connection that built it. */
  onBuilt?: (node: Node, connection: DuckDBConnection) => Promise<void>;
  /** Interrupts what runs and skips the rest. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  log?: (message: string) => void;
  now?: () => Date;
}

interface Worker {
  connection: DuckDBConnection;
  threadId: string;
}

/** Builds and tests the selected nodes in the order of their dependencies. */
export async function executeNodes(options: ExecuteOptions): Promise<NodeResult[]> {
  const { project, selected, connections } = options;
  const [first] = connections;
  if (!first) throw new Error("executeNodes needs a connection");
  const now = options.now ?? ((): Date => new Date());
  const fullRefresh = options.fullRefresh ?? false;
  const catalog = await Catalog.read(first);
  const log = options.log;
  const compiler = new Compiler(project, catalog, {
    fullRefresh,
    selected: selected.map((node) => node.uniqueId),
    command: options.command ?? "build",
    ...(options.callArguments && { callArguments: options.callArguments }),
    ...(options.deferred && { deferred: options.deferred }),
    favorState: options.favorState ?? false,
    empty: options.empty ?? false,
    log: (message, info) => (info ? log?.(message) : undefined),
  });
  await createSchemas(selected, catalog, first);
  if (!options.hasFitTables) await createFitTables(ownFitTables(project), first);
  const units = planUnits(selected, new Graph(project.nodes.values()), options.gate);
  const total = units.reduce((sum, unit) => sum + unit.nodes.length, 0);
  const results: NodeResult[] = [];

  const cancelled = (): boolean => options.signal?.aborted ?? false;
  const report = (result: NodeResult, description: string): void => {
    results.push(result);
    options.onProgress?.({ index: results.length, total, result, line: progressLine(results.length, total, result, description) });
  };
  const ended = (
    node: Node,
    worker: Worker | undefined,
    startedAt: Date,
    started: number,
    share: number,
    rest: Partial<NodeResult> & { status: Status },
  ): NodeResult => ({
    uniqueId: node.uniqueId,
    name: node.name,
    resourceType: node.resourceType,
    message: null,
    failures: null,
    compiledCode: null,
    relationName: null,
    executionTime: (performance.now() - started) / 1000 / share,
    startedAt,
    completedAt: now(),
    threadId: worker?.threadId ?? "main",
    ...rest,
  });

  const runTests = async (unit: Unit, worker: Worker, outcomesOf: () => Promise<Map<string, TestOutcome>>): Promise<boolean> => {
    const startedAt = now();
    const started = performance.now();
    const outcomes = await outcomesOf();
    let good = true;
    for (const node of unit.nodes) {
      const outcome = outcomes.get(node.uniqueId);
      if (!outcome) throw new Error(`test ${node.uniqueId} gave no outcome`);
      if (outcome.status === "fail" || outcome.status === "error") good = false;
      report(ended(node, worker, startedAt, started, unit.nodes.length, outcome), node.name);
    }
    return good;
  };

  const run = async (unit: Unit, worker: Worker): Promise<boolean> => {
    const [node] = unit.nodes;
    if (!node) return true;
    if (cancelled()) {
      skip(unit, undefined);
      return false;
    }
    if (options.isDue && !unit.nodes.some(options.isDue)) return true;
    const connection = await withQueryComment(node, compiler, worker.connection);
    if (node.resourceType === "test") return runTests(unit, worker, () => testOutcomes(unit.nodes, compiler, connection, options));
    if (node.resourceType === "unit_test")
      return runTests(unit, worker, async () => new Map([[node.uniqueId, await runUnitTest(node, compiler, connection)]]));
    const startedAt = now();
    const started = performance.now();
    try {
      const ordinary = (): Promise<Materialization> =>
        materialize(node, {
          compiler,
          catalog,
          connection,
          fullRefresh,
          now: startedAt,
          inTransaction: options.inTransaction ?? false,
          times: options.times,
          batches: options.batches?.get(node.uniqueId),
        });
      const tools = {
        compiler,
        catalog,
        connection,
        isCustom: customMaterialization(project, node.config.materialized) !== undefined,
        materialize: ordinary,
      };
      await options.beforeBuild?.(node, connection);
      const built = await (options.build ? options.build(node, tools) : ordinary());
      await options.onBuilt?.(node, connection);
      const { description, ...rest } = built;
      report(ended(node, worker, startedAt, started, 1, { status: "success", message: "OK", ...rest }), description);
      return true;
    } catch (error) {
      const compiledCode = error instanceof NodeError ? error.sql : null;
      const message = cancelled() ? "Cancelled while it ran" : `${messageOf(error)}\n  in ${node.file}`;
      report(
        ended(node, worker, startedAt, started, 1, {
          status: "error",
          message,
          compiledCode,
          ...(error instanceof BatchError && { batches: error.batches }),
        }),
        `${node.resourceType} ${node.schema}.${node.alias}`,
      );
      return false;
    }
  };
  const skip = (unit: Unit, because: Unit | undefined): void => {
    const message = because
      ? `Skipped: ${because.nodes.map((node) => node.name).join(", ")} failed or was skipped`
      : cancelled()
        ? "Skipped: cancelled"
        : "Skipped: --fail-fast";
    for (const node of unit.nodes) report(ended(node, undefined, now(), performance.now(), 1, { status: "skipped", message }), node.name);
  };

  const workers = connections.map((connection, index) => ({ connection, threadId: `Thread-${index + 1}` }));
  let interrupting: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    const all = (): void => workers.forEach(({ connection }) => connection.interrupt());
    all();
    // A node that is still being compiled has nothing to interrupt yet.
    interrupting = setInterval(all, 50);
  };
  options.signal?.addEventListener("abort", interrupt);
  try {
    await runHooks(hooksOf(project, "onRunStart"), compiler, first);
    await runUnits(units, workers, run, skip, options.failFast ?? false);
    if (!cancelled()) await runHooks(hooksOf(project, "onRunEnd"), compiler, first);
  } finally {
    options.signal?.removeEventListener("abort", interrupt);
    clearInterval(interrupting);
  }
  return results;
}

/** Tests that keep their failing rows run alone, the others in one query. */
async function testOutcomes(
  nodes: readonly Node[],
  compiler: Compiler,
  connection: DuckDBConnection,
  options: Pick<ExecuteOptions, "storeFailures" | "narrow" | "unharmed">,
): Promise<Map<string, TestOutcome>> {
  const stored = nodes.filter((node) => storesFailures(node, options.storeFailures ?? false));
  const usual = nodes.filter((node) => !stored.includes(node));
  const unharmed = (await options.unharmed?.(usual.filter(passesWithoutRows), compiler, connection)) ?? new Map<Node, string>();
  const outcomes = await runDataTests(
    usual.filter((node) => !unharmed.has(node)),
    { compile: async (node, on) => compiler.compile(node, on, await options.narrow?.(node, compiler, connection)) },
    connection,
  );
  for (const [node, sql] of unharmed) outcomes.set(node.uniqueId, passUnasked({ node, sql }));
  for (const node of stored) outcomes.set(node.uniqueId, await runStoredTest(node, compiler, connection));
  return outcomes;
}

/** Those of the packages, then the project's own. */
const hooksOf = (project: Project, key: "onRunStart" | "onRunEnd"): string[] => [...project.packages.values()].flatMap((one) => one[key]);

async function runHooks(hooks: readonly string[], compiler: Compiler, connection: DuckDBConnection): Promise<void> {
  const statements: string[] = [];
  for (const hook of hooks) {
    const sql = (await compiler.renderText(hook, null, connection)).trim();
    if (sql !== "") statements.push(sql.replace(/;\s*$/, ""));
  }
  if (statements.length > 0) await runStatements(connection, statements);
}

async function createSchemas(selected: readonly Node[], catalog: Catalog, connection: DuckDBConnection): Promise<void> {
  const missing = new Map<string, string>();
  for (const node of selected) {
    const builds =
      (node.resourceType === "model" && node.config.materialized !== "ephemeral") ||
      node.resourceType === "seed" ||
      node.resourceType === "snapshot";
    if (!builds || catalog.hasSchema(node.database, node.schema)) continue;
    catalog.addSchema(node.database, node.schema);
    missing.set(
      `${node.database}.${node.schema}`,
      `create schema if not exists ${quoteIdentifier(node.database)}.${quoteIdentifier(node.schema)}`,
    );
  }
  if (missing.size > 0) await runStatements(connection, [...missing.values()]);
}
