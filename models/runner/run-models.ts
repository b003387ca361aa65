import { resolve } from "node:path";
import { availableParallelism } from "node:os";
import type { DuckDBConnection } from "@duckdb/node-api";
import { writeCatalog, writeManifest, writeRunResults, writeSources, type Invocation } from "./artifacts.ts";
import { Catalog } from "./catalog.ts";
import { Compiler } from "./compiler.ts";
import { readCatalogTables } from "./docs-catalog.ts";
import { writeDocsPage } from "./docs-page.ts";
import { ProjectError, UsageError, didYouMean } from "./errors.ts";
import { executeNodes } from "./execute.ts";
import { fitLine, fitsInBuild, withFitEdges } from "./fits/fits-in-build.ts";
import type { Fit } from "./fits/definition.ts";
import { loadFits } from "./fits/load-fits.ts";
import type { NodeResult, Progress } from "./node-result.ts";
import { TemplateError } from "./jinja/index.ts";
import { loadProject } from "./load-project.ts";
import { readProjectFile } from "./project-file.ts";
import { readEarlierRun } from "./retry.ts";
import { selectNodes } from "./selectors.ts";
import { showRows } from "./show-rows.ts";
import { checkFreshness, freshnessLine, freshnessRecord, type FreshnessResult } from "./source-freshness.ts";
import type { Node, Project, ResourceType, Settings } from "./resources.ts";
import { openTarget, targetOf, type TargetChoice } from "./target-database.ts";

export const commands = [
  "build",
  "run",
  "test",
  "seed",
  "snapshot",
  "compile",
  "ls",
  "show",
  "docs generate",
  "source freshness",
  "retry",
] as const;
export type Command = (typeof commands)[number];

export interface RunOptions extends TargetChoice {
  command: Command;
  /** Folder of dbt_project.yml. */
  projectDir: string;
  select?: readonly string[];
  exclude?: readonly string[];
  vars?: Settings;
  /** Nodes built at once; a given connection means one. */
  threads?: number;
  failFast?: boolean;
  fullRefresh?: boolean;
  /** Keep the failing rows of tests in tables of the audit schema. */
  storeFailures?: boolean;
  /** Where artifacts go; default the project's target-path. `null` writes none. */
  targetPath?: string | null;
  /** `retry`: the folder of the earlier run's artifacts; default the target folder. */
  state?: string;
  /** Interrupts what runs; what was not run is reported as skipped. */
  signal?: AbortSignal;
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
  /** The SQL of each node, for `compile` and `docs generate`. */
  compiled: Map<string, string>;
  /** The rows, for `show`. */
  rows: Record<string, unknown>[];
  /** For `source freshness`. */
  freshness: FreshnessResult[];
  /** Why nothing ran (exit code 2). */
  error: string | null;
}

const resourceTypes: Record<Exclude<Command, "retry">, readonly ResourceType[]> = {
  build: ["seed", "model", "snapshot", "test", "unit_test"],
  run: ["model"],
  test: ["test", "unit_test"],
  seed: ["seed"],
  snapshot: ["snapshot"],
  compile: ["model", "snapshot", "test", "unit_test"],
  ls: ["seed", "model", "snapshot", "test", "unit_test"],
  show: ["model", "seed", "snapshot"],
  "docs generate": ["model", "snapshot", "test"],
  "source freshness": [],
};

/** Commands that build or test nodes, and so leave results. */
const executing: ReadonlySet<Command> = new Set(["build", "run", "test", "seed", "snapshot"]);

/** A command with what it works on: `retry` has become the command that it repeats. */
interface Task extends RunOptions {
  command: Exclude<Command, "retry">;
  /** `retry`: these nodes and no others. */
  only?: ReadonlySet<string>;
}

/** Runs one command of the model runner. Mistakes in the call or the project come back as exit code 2, others are thrown. */
export async function runModels(options: RunOptions): Promise<RunSummary> {
  const summary: RunSummary = { exitCode: 0, results: [], nodes: [], compiled: new Map(), rows: [], freshness: [], error: null };
  try {
    await runTask(await taskOf(options), summary);
  } catch (error) {
    if (!(error instanceof ProjectError || error instanceof UsageError || error instanceof TemplateError)) throw error;
    summary.exitCode = 2;
    summary.error = error.message;
  }
  return summary;
}

async function taskOf(options: RunOptions): Promise<Task> {
  const { command } = options;
  if (command !== "retry") return { ...options, command };
  const settings = await readProjectFile(options.projectDir, targetOf(options, 1), options.vars ?? {});
  const earlier = await readEarlierRun(resolve(options.projectDir, options.state ?? options.targetPath ?? settings.targetPath));
  const repeated = commands.find((known) => known === earlier.command);
  if (!repeated || repeated === "retry")
    throw new UsageError(`retry can't repeat "${earlier.command}".${didYouMean(earlier.command, commands)}`);
  return {
    ...options,
    command: repeated,
    vars: { ...earlier.vars, ...options.vars },
    fullRefresh: options.fullRefresh || earlier.fullRefresh,
    storeFailures: options.storeFailures || earlier.storeFailures,
    failFast: options.failFast || earlier.failFast,
    only: new Set(earlier.unfinished),
  };
}

async function runTask(task: Task, summary: RunSummary): Promise<void> {
  const startedAt = new Date();
  const threads = task.connection ? 1 : (task.threads ?? Math.min(4, availableParallelism()));
  const parsed = await loadProject({
    projectDir: task.projectDir,
    target: targetOf(task, threads),
    vars: task.vars ?? {},
    ...(task.targetPath !== null && { cache: { targetPath: task.targetPath } }),
  });
  const fits = await loadFits(parsed, task.projectDir);
  const project = withFitEdges(parsed, fits);
  for (const warning of project.warnings) task.log?.(`warning: ${warning}`);
  const chosen = task.only ?? selectNodes(project, task.select ?? [], task.exclude ?? []);
  summary.nodes = [...project.nodes.values()].filter(
    (node) => chosen.has(node.uniqueId) && resourceTypes[task.command].includes(node.resourceType),
  );
  const invocation: Invocation | null =
    task.targetPath === null
      ? null
      : {
          which: task.command,
          startedAt,
          folder: resolve(task.projectDir, task.targetPath ?? project.settings.targetPath),
          args: {
            vars: task.vars ?? {},
            full_refresh: task.fullRefresh ?? false,
            store_failures: task.storeFailures ?? false,
            fail_fast: task.failFast ?? false,
          },
        };
  if (task.command === "ls") {
    if (invocation) await writeManifest(project, summary.compiled, invocation);
    return;
  }
  const target = await openTarget(task, threads);
  try {
    await perform(task, project, fits, chosen, summary, target.connections, invocation);
  } finally {
    target.close();
  }
}

async function perform(
  task: Task,
  project: Project,
  fits: readonly Fit[],
  chosen: ReadonlySet<string>,
  summary: RunSummary,
  connections: readonly DuckDBConnection[],
  invocation: Invocation | null,
): Promise<void> {
  const [first] = connections;
  if (!first) throw new Error("no connection");
  const { command } = task;
  if (command === "source freshness") {
    const sources = [...project.sources.values()].filter((source) => chosen.has(source.uniqueId));
    const report = (result: FreshnessResult): void => {
      summary.freshness.push(result);
      task.log?.(freshnessLine(result, summary.freshness.length));
    };
    await checkFreshness(sources, first, () => new Date(), report);
    if (summary.freshness.some(({ status }) => status === "error" || status === "runtime error")) summary.exitCode = 1;
    if (invocation) await writeSources(summary.freshness.map(freshnessRecord), invocation);
  } else if (command === "compile" || command === "show" || command === "docs generate") {
    const compiler = new Compiler(project, await Catalog.read(first), {
      fullRefresh: task.fullRefresh ?? false,
      command,
      selected: summary.nodes.map((node) => node.uniqueId),
      log: (message) => task.log?.(message),
    });
    if (command === "show") summary.rows = await showRows(task, compiler, summary.nodes, first);
    else
      for (const node of summary.nodes)
        if (node.resourceType !== "unit_test") summary.compiled.set(node.uniqueId, await compiler.compile(node, first));
  } else {
    summary.results = await execute(task, project, fits, summary.nodes, connections);
    const bad = summary.results.some(({ status }) => status === "error" || status === "fail" || status === "skipped");
    if (bad) summary.exitCode = 1;
  }
  if (!invocation) return;
  const compiled = new Map(summary.compiled);
  for (const { uniqueId, compiledCode } of summary.results) if (compiledCode !== null) compiled.set(uniqueId, compiledCode);
  const manifest = await writeManifest(project, compiled, invocation, first);
  // Also without results: `retry` must not repeat an older run.
  if (executing.has(command)) await writeRunResults(summary.results, invocation);
  if (command === "docs generate") {
    const catalog = await writeCatalog(await readCatalogTables(project, first), invocation);
    await writeDocsPage(invocation.folder, manifest, catalog);
  }
}

const execute = (
  task: Task,
  project: Project,
  fits: readonly Fit[],
  selected: readonly Node[],
  connections: readonly DuckDBConnection[],
): Promise<NodeResult[]> =>
  executeNodes({
    project,
    selected,
    connections,
    gate: task.command === "build",
    command: task.command,
    failFast: task.failFast ?? false,
    fullRefresh: task.fullRefresh ?? false,
    storeFailures: task.storeFailures ?? false,
    beforeBuild: fitsInBuild({
      project,
      fits,
      now: () => new Date(),
      onRun: (run) => task.log?.(fitLine(run)),
    }),
    ...(task.signal && { signal: task.signal }),
    ...(task.onProgress && { onProgress: task.onProgress }),
    ...(task.log && { log: task.log }),
  });
