import { basename, resolve } from "node:path";
import { availableParallelism } from "node:os";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { writeArtifacts } from "./artifacts.ts";
import { Catalog } from "./catalog.ts";
import { Compiler } from "./compiler.ts";
import { ProjectError, UsageError } from "./errors.ts";
import { executeNodes, type NodeResult, type Progress } from "./execute.ts";
import { TemplateError } from "./jinja/index.ts";
import { loadProject } from "./load-project.ts";
import { selectNodes } from "./selectors.ts";
import type { Node, Project, ResourceType, Settings, TargetInfo } from "./resources.ts";

export type Command = "build" | "run" | "test" | "seed" | "compile" | "ls" | "show";

export interface RunOptions {
  command: Command;
  /** Folder of dbt_project.yml. */
  projectDir: string;
  /** A DuckDB file; its catalog is the file's stem. Or give `connection` and `catalog`. */
  database?: string;
  connection?: DuckDBConnection;
  /** The catalog that models are built in, when the caller gives the connection. */
  catalog?: string;
  /** The target's schema, for models without one of their own. */
  schema?: string;
  select?: readonly string[];
  exclude?: readonly string[];
  vars?: Settings;
  /** Nodes built at once; a given connection means one. */
  threads?: number;
  failFast?: boolean;
  fullRefresh?: boolean;
  /** Where artifacts go; default the project's target-path. `null` writes none. */
  targetPath?: string | null;
  onProgress?: (progress: Progress) => void;
  log?: (message: string) => void;
  /** `show`: the most rows. */
  limit?: number;
  /** `show`: a query instead of a model. */
  inline?: string;
}

export interface RunSummary {
  /** 0 all good, 1 a node or test failed, 2 usage or project error. */
  exitCode: 0 | 1 | 2;
  results: NodeResult[];
  /** What was selected, in dbt's order; for `ls`, `compile` and `show` the answer. */
  nodes: Node[];
  /** The SQL of each node, for `compile`. */
  compiled: Map<string, string>;
  /** The rows, for `show`. */
  rows: Record<string, unknown>[];
  /** Why nothing ran (exit code 2). */
  error: string | null;
}

const resourceTypes: Record<Command, readonly ResourceType[]> = {
  build: ["seed", "model", "test", "unit_test"],
  run: ["model"],
  test: ["test", "unit_test"],
  seed: ["seed"],
  compile: ["model", "test", "unit_test"],
  ls: ["seed", "model", "test", "unit_test"],
  show: ["model", "seed"],
};

/** Runs one command of the model runner. Mistakes in the call or the project come back as exit code 2, others are thrown. */
export async function runModels(options: RunOptions): Promise<RunSummary> {
  const summary: RunSummary = { exitCode: 0, results: [], nodes: [], compiled: new Map(), rows: [], error: null };
  const opened: { instance?: DuckDBInstance; connections: DuckDBConnection[] } = { connections: [] };
  const startedAt = new Date();
  try {
    const threads = options.connection ? 1 : (options.threads ?? Math.min(4, availableParallelism()));
    const target = targetOf(options, threads);
    const project = await loadProject({ projectDir: options.projectDir, target, vars: options.vars ?? {} });
    const chosen = selectNodes(project, options.select ?? [], options.exclude ?? []);
    summary.nodes = [...project.nodes.values()].filter(
      (node) => chosen.has(node.uniqueId) && resourceTypes[options.command].includes(node.resourceType),
    );
    if (options.command !== "ls") {
      const connections = options.connection ? [options.connection] : await open(options.database ?? "", threads, opened);
      await perform(options, project, summary, connections);
    }
    if (options.targetPath !== null) {
      await writeArtifacts(project, summary, {
        command: options.command,
        startedAt,
        folder: resolve(options.projectDir, options.targetPath ?? project.settings.targetPath),
      });
    }
  } catch (error) {
    if (!(error instanceof ProjectError || error instanceof UsageError || error instanceof TemplateError)) throw error;
    summary.exitCode = 2;
    summary.error = error.message;
  } finally {
    for (const connection of opened.connections) connection.closeSync();
    opened.instance?.closeSync();
  }
  return summary;
}

async function perform(options: RunOptions, project: Project, summary: RunSummary, connections: DuckDBConnection[]): Promise<void> {
  const { command } = options;
  const [first] = connections;
  if (!first) throw new Error("no connection");
  if (command === "compile" || command === "show") {
    const compiler = new Compiler(project, await Catalog.read(first), {
      fullRefresh: options.fullRefresh ?? false,
      log: (message) => options.log?.(message),
    });
    const limit = options.limit ?? 5;
    if (command === "show") summary.rows = await show(options, compiler, summary.nodes, first, limit);
    else
      for (const node of summary.nodes)
        if (node.resourceType !== "unit_test") summary.compiled.set(node.uniqueId, await compiler.compile(node, first));
    return;
  }
  summary.results = await executeNodes({
    project,
    selected: summary.nodes,
    connections,
    gate: command === "build",
    failFast: options.failFast ?? false,
    fullRefresh: options.fullRefresh ?? false,
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.log && { log: options.log }),
  });
  if (summary.results.some((result) => result.status === "error" || result.status === "fail" || result.status === "skipped"))
    summary.exitCode = 1;
}

async function show(
  options: RunOptions,
  compiler: Compiler,
  nodes: readonly Node[],
  connection: DuckDBConnection,
  limit: number,
): Promise<Record<string, unknown>[]> {
  const [node] = nodes;
  if (options.inline === undefined && (nodes.length !== 1 || !node))
    throw new UsageError(`show needs one model: --select named ${nodes.length}`);
  const sql =
    options.inline === undefined && node
      ? node.resourceType === "seed"
        ? `select * from ${compiler.relationOf(node).toText()}`
        : await compiler.compile(node, connection)
      : await compiler.renderText(options.inline ?? "", null, connection);
  const result = await connection.run(`select * from (\n${sql.replace(/;\s*$/, "")}\n)${limit < 0 ? "" : ` limit ${limit}`}`);
  return result.getRowObjectsJson();
}

function targetOf(options: RunOptions, threads: number): TargetInfo {
  const schema = options.schema ?? "main";
  if (options.connection) {
    if (options.catalog === undefined) throw new UsageError("a given connection needs the catalog's name");
    return { name: "kehu", catalog: options.catalog, schema, threads };
  }
  if (options.database === undefined) throw new UsageError("--database FILE is missing: name the DuckDB file to build in");
  return { name: "kehu", catalog: basename(options.database).replace(/\.[^.]*$/, ""), schema, threads };
}

async function open(
  file: string,
  threads: number,
  opened: { instance?: DuckDBInstance; connections: DuckDBConnection[] },
): Promise<DuckDBConnection[]> {
  const instance = await DuckDBInstance.fromCache(file).catch((cause: unknown) => {
    throw new UsageError(`cannot open ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  opened.instance = instance;
  for (let index = 0; index < threads; index++) {
    const connection = await instance.connect();
    opened.connections.push(connection);
    await connection.run("set TimeZone = 'UTC'");
  }
  return opened.connections;
}
