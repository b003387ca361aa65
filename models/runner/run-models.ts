import { resolve } from "node:path";
import { availableParallelism } from "node:os";
import type { DuckDBConnection } from "@duckdb/node-api";
import { writeCatalog, writeManifest, writeRunResults, writeSources, type Invocation } from "./artifacts.ts";
import { Catalog } from "./catalog.ts";
import { cleanTargets } from "./clean.ts";
import { Compiler } from "./compiler.ts";
import { readCatalogTables } from "./docs-catalog.ts";
import { writeDocsPage } from "./docs-page.ts";
import { readEarlierState, relationsOf, type EarlierState } from "./earlier-state.ts";
import { checkPackages } from "./declared-packages.ts";
import { ProjectError, UsageError, didYouMean } from "./errors.ts";
import { executeNodes } from "./execute.ts";
import { fitLine, fitsInBuild, withFitEdges } from "./fits/fits-in-build.ts";
import type { Fit } from "./fits/definition.ts";
import { loadFits } from "./fits/load-fits.ts";
import type { NodeResult } from "./node-result.ts";
import { TemplateError } from "./jinja/index.ts";
import { listResources } from "./list-resources.ts";
import { loadProject } from "./load-project.ts";
import { resourceTypeOf, type Resource } from "./selector-methods.ts";
import { selectNodes } from "./selectors.ts";
import { showRows } from "./show-rows.ts";
import { checkFreshness, freshnessLine, freshnessRecord, type FreshnessResult } from "./source-freshness.ts";
import { readEventTimes } from "./microbatch.ts";
import type { Node, Project } from "./resources.ts";
import { knownTypes, resourceTypes, type Command, type RunOptions } from "./run-options.ts";
import type { Relation } from "./relation.ts";
import { runOperation } from "./run-operation.ts";
import { openTarget, targetOf } from "./target-database.ts";
import { callArguments, repeatedTask, type Task } from "./task.ts";

export { commands, type Command, type RunOptions } from "./run-options.ts";

export interface RunSummary {
  /** 0 all good, 1 a node or test failed, 2 usage or project error. */
  exitCode: 0 | 1 | 2;
  results: NodeResult[];
  /** The nodes selected, in dbt's order; for `compile` and `show` the answer. */
  nodes: Node[];
  /** One line per resource, for `ls`. */
  listed: string[];
  /** The SQL of each node, for `compile` and `docs generate`. */
  compiled: Map<string, string>;
  /** The rows, for `show`. */
  rows: Record<string, unknown>[];
  /** For `source freshness`. */
  freshness: FreshnessResult[];
  /** Why nothing ran (exit code 2). */
  error: string | null;
}

/** Commands that build or test nodes, and so leave results. */
const executing: ReadonlySet<Command> = new Set(["build", "run", "test", "seed", "snapshot"]);

/** Runs one command of the model runner. Mistakes in the call or the project come back as exit code 2, others are thrown. */
export async function runModels(options: RunOptions): Promise<RunSummary> {
  const summary: RunSummary = {
    exitCode: 0,
    results: [],
    nodes: [],
    listed: [],
    compiled: new Map(),
    rows: [],
    freshness: [],
    error: null,
  };
  try {
    const { command } = options;
    if (command === "clean") await cleanTargets(options);
    else if (command === "deps") await checkPackages(options);
    else if (command === "retry") await runTask(await repeatedTask(options), summary);
    else await runTask({ ...options, command }, summary);
  } catch (error) {
    if (!(error instanceof ProjectError || error instanceof UsageError || error instanceof TemplateError)) throw error;
    summary.exitCode = 2;
    summary.error = error.message;
  }
  return summary;
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
  const state = await stateOf(task, project);
  const chosen =
    task.only ??
    selectNodes(project, task.select ?? [], task.exclude ?? [], {
      ...(task.indirectSelection && { indirect: task.indirectSelection }),
      ...(state && { state }),
    });
  const isWanted = typeFilter(task);
  summary.nodes = [...project.nodes.values()].filter((node) => chosen.has(node.uniqueId) && isWanted(node));
  const invocation: Invocation | null =
    task.targetPath === null
      ? null
      : {
          which: task.command,
          startedAt,
          folder: targetFolder(task, project),
          args: callArguments(task),
        };
  if (task.command === "ls" || task.command === "parse") {
    if (task.command === "ls") {
      const found = [...summary.nodes, ...project.sources.values(), ...project.exposures.values()];
      summary.listed = listResources(
        project,
        found.filter((resource) => chosen.has(resource.uniqueId) && isWanted(resource)),
        { ...(task.output && { output: task.output }), ...(task.outputKeys && { keys: task.outputKeys }) },
      );
    }
    if (invocation) await writeManifest(project, summary.compiled, invocation);
    return;
  }
  const target = await openTarget(task, threads);
  try {
    await perform(
      { ...task, project, fits, chosen, ...(task.defer && state && { deferred: relationsOf(state) }) },
      summary,
      target.connections,
      invocation,
    );
  } finally {
    target.close();
  }
}

const targetFolder = (task: Task, project: Project): string => resolve(task.projectDir, task.targetPath ?? project.settings.targetPath);

/** Everything that a command needs besides connections. */
interface Work extends Task {
  project: Project;
  fits: readonly Fit[];
  chosen: ReadonlySet<string>;
  deferred?: ReadonlyMap<string, Relation>;
}

/** The earlier run that the call names with `--state`, when it compares with one. */
async function stateOf(task: Task, project: Project): Promise<EarlierState | undefined> {
  if (task.defer && task.state === undefined) throw new UsageError("--defer needs --state DIR, the artifacts of the run to read from");
  if (task.favorState && !task.defer) throw new UsageError("--favor-state says how --defer chooses: it needs --defer");
  return task.state === undefined
    ? undefined
    : readEarlierState(resolve(project.settings.directory, task.state), project, targetFolder(task, project));
}

/** What the command works on, cut down by --resource-type and --exclude-resource-type. */
function typeFilter({ command, resourceTypes: only = [], excludeResourceTypes: without = [] }: Task): (resource: Resource) => boolean {
  for (const type of [...only, ...without])
    if (type !== "all" && !knownTypes.some((one) => one === type))
      throw new UsageError(`there is no resource type "${type}"; there are ${knownTypes.join(", ")}.${didYouMean(type, knownTypes)}`);
  const workedOn = command === "ls" && only.length > 0 ? knownTypes : resourceTypes[command];
  return (resource) => {
    const type = resourceTypeOf(resource);
    return workedOn.includes(type) && (only.length === 0 || only.includes("all") || only.includes(type)) && !without.includes(type);
  };
}

async function perform(
  work: Work,
  summary: RunSummary,
  connections: readonly DuckDBConnection[],
  invocation: Invocation | null,
): Promise<void> {
  const [first] = connections;
  if (!first) throw new Error("no connection");
  const { command, project, chosen } = work;
  if (command === "source freshness") {
    const sources = [...project.sources.values()].filter((source) => chosen.has(source.uniqueId));
    const report = (result: FreshnessResult): void => {
      summary.freshness.push(result);
      work.log?.(freshnessLine(result, summary.freshness.length));
    };
    await checkFreshness(sources, first, () => new Date(), report);
    if (summary.freshness.some(({ status }) => status === "error" || status === "runtime error")) summary.exitCode = 1;
    if (invocation) await writeSources(summary.freshness.map(freshnessRecord), invocation);
  } else if (command === "compile" || command === "show" || command === "docs generate" || command === "run-operation") {
    const compiler = new Compiler(project, await Catalog.read(first), {
      fullRefresh: work.fullRefresh ?? false,
      command,
      callArguments: callArguments(work),
      ...(work.deferred && { deferred: work.deferred }),
      favorState: work.favorState ?? false,
      empty: work.empty ?? false,
      selected: summary.nodes.map((node) => node.uniqueId),
      log: (message) => work.log?.(message),
    });
    if (command === "run-operation") await runOperation(work, compiler, first);
    else if (command === "show") summary.rows = await showRows(work, compiler, summary.nodes, first);
    else
      for (const node of summary.nodes)
        if (node.resourceType !== "unit_test") summary.compiled.set(node.uniqueId, await compiler.compile(node, first));
  } else {
    summary.results = await execute(work, summary.nodes, connections);
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

const execute = (work: Work, selected: readonly Node[], connections: readonly DuckDBConnection[]): Promise<NodeResult[]> =>
  executeNodes({
    project: work.project,
    selected,
    connections,
    gate: work.command === "build",
    command: work.command,
    callArguments: callArguments(work),
    times: readEventTimes(work.eventTimeStart, work.eventTimeEnd),
    batches: work.batches,
    deferred: work.deferred,
    favorState: work.favorState ?? false,
    empty: work.empty ?? false,
    failFast: work.failFast ?? false,
    fullRefresh: work.fullRefresh ?? false,
    storeFailures: work.storeFailures ?? false,
    beforeBuild: fitsInBuild({
      project: work.project,
      fits: work.fits,
      now: () => new Date(),
      onRun: (run) => work.log?.(fitLine(run)),
    }),
    ...(work.signal && { signal: work.signal }),
    ...(work.onProgress && { onProgress: work.onProgress }),
    ...(work.log && { log: work.log }),
  });
