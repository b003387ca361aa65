import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { NodeResult } from "./execute.ts";
import type { Node, Project, Settings, Source } from "./resources.ts";
import type { RunSummary } from "./run-models.ts";

interface Invocation {
  command: string;
  startedAt: Date;
  /** Absolute target folder. */
  folder: string;
}

/** Writes manifest.json, run_results.json and the compiled SQL in dbt's layout. */
export async function writeArtifacts(project: Project, summary: RunSummary, invocation: Invocation): Promise<void> {
  const { folder } = invocation;
  await mkdir(folder, { recursive: true });
  const compiled = new Map(summary.compiled);
  for (const result of summary.results) if (result.compiledCode !== null) compiled.set(result.uniqueId, result.compiledCode);
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest(project, compiled, invocation)));
  if (invocation.command !== "ls") await writeFile(join(folder, "run_results.json"), JSON.stringify(runResults(summary, invocation)));
  for (const [id, sql] of compiled) {
    const node = project.nodes.get(id);
    if (!node || node.resourceType === "unit_test") continue;
    const name = node.file.endsWith(".sql") ? node.file : `${node.file}/${node.alias}.sql`;
    const path = join(folder, "compiled", project.settings.name, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, sql);
  }
}

const metadata = (schema: string, invocation: Invocation): Settings => ({
  dbt_schema_version: `https://schemas.getdbt.com/dbt/${schema}.json`,
  dbt_version: "1.11.0",
  generated_at: new Date().toISOString(),
  invocation_id: createHash("md5").update(`${invocation.startedAt.toISOString()} ${process.pid}`).digest("hex"),
  adapter_type: "duckdb",
});

function manifest(project: Project, compiled: ReadonlyMap<string, string>, invocation: Invocation): Settings {
  const parents: Record<string, string[]> = {};
  const children: Record<string, string[]> = {};
  for (const id of [...project.sources.keys(), ...project.nodes.keys()]) {
    parents[id] = [...(project.nodes.get(id)?.dependsOn ?? [])];
    children[id] ??= [];
    for (const parent of parents[id]) (children[parent] ??= []).push(id);
  }
  const ordinary = [...project.nodes.values()].filter((node) => node.resourceType !== "unit_test");
  const unitTests = [...project.nodes.values()].filter((node) => node.resourceType === "unit_test");
  return {
    metadata: { ...metadata("manifest/v12", invocation), project_name: project.settings.name },
    nodes: Object.fromEntries(ordinary.map((node) => [node.uniqueId, manifestNode(node, project, compiled.get(node.uniqueId))])),
    sources: Object.fromEntries([...project.sources.values()].map((source) => [source.uniqueId, manifestSource(source, project)])),
    macros: Object.fromEntries(
      [...project.macros.values()].map((macro) => [
        macro.uniqueId,
        {
          name: macro.name,
          unique_id: macro.uniqueId,
          resource_type: "macro",
          package_name: macro.packageName,
          original_file_path: macro.file,
          path: macro.file,
        },
      ]),
    ),
    docs: {},
    exposures: {},
    metrics: {},
    groups: {},
    selectors: {},
    disabled: Object.fromEntries([...project.disabled.values()].map((node) => [node.uniqueId, [manifestNode(node, project, undefined)]])),
    parent_map: parents,
    child_map: children,
    group_map: {},
    saved_queries: {},
    semantic_models: {},
    unit_tests: Object.fromEntries(
      unitTests.map((node) => [
        node.uniqueId,
        {
          ...manifestNode(node, project, undefined),
          model: node.unitTest?.model,
          given: node.unitTest?.given,
          expect: node.unitTest?.expect,
        },
      ]),
    ),
  };
}

function manifestNode(node: Node, project: Project, compiledCode: string | undefined): Settings {
  const isTest = node.resourceType === "test";
  return {
    unique_id: node.uniqueId,
    name: node.name,
    resource_type: node.resourceType,
    package_name: project.settings.name,
    path: node.file.split("/").slice(1).join("/"),
    original_file_path: node.file,
    patch_path: node.patchFile === null ? null : `${project.settings.name}://${node.patchFile}`,
    fqn: node.fqn,
    alias: node.alias,
    database: node.database,
    schema: node.schema,
    relation_name: isTest || node.config.materialized === "ephemeral" ? null : `"${node.database}"."${node.schema}"."${node.alias}"`,
    checksum: { name: "sha256", checksum: createHash("sha256").update(node.rawCode).digest("hex") },
    config: node.config,
    tags: node.config.tags,
    meta: node.config.meta,
    description: node.description,
    columns: Object.fromEntries(node.columns.map((column) => [column.name, column])),
    raw_code: node.rawCode,
    language: "sql",
    refs: node.refs.map((name) => ({ name, package: null, version: null })),
    sources: node.sources,
    depends_on: { macros: node.dependsOnMacros, nodes: node.dependsOn },
    compiled: compiledCode !== undefined,
    ...(compiledCode !== undefined && { compiled_code: compiledCode }),
    ...(node.test && {
      test_metadata: node.test.metadata ?? null,
      attached_node: node.test.attachedNode,
      column_name: node.test.columnName,
    }),
  };
}

const manifestSource = (source: Source, project: Project): Settings => ({
  unique_id: source.uniqueId,
  name: source.name,
  source_name: source.sourceName,
  resource_type: "source",
  package_name: project.settings.name,
  path: source.file,
  original_file_path: source.file,
  fqn: source.fqn,
  database: source.database,
  schema: source.schema,
  identifier: source.identifier,
  relation_name: `"${source.database}"."${source.schema}"."${source.identifier}"`,
  description: source.description,
  columns: Object.fromEntries(source.columns.map((column) => [column.name, column])),
  config: source.config,
  tags: source.config.tags,
  meta: source.config.meta,
});

function runResults(summary: RunSummary, invocation: Invocation): Settings {
  return {
    metadata: metadata("run-results/v6", invocation),
    results: summary.results.map(resultRecord),
    elapsed_time: (Date.now() - invocation.startedAt.getTime()) / 1000,
    args: { which: invocation.command },
  };
}

const resultRecord = (result: NodeResult): Settings => ({
  status: result.status,
  timing:
    result.status === "skipped"
      ? []
      : [{ name: "execute", started_at: result.startedAt.toISOString(), completed_at: result.completedAt.toISOString() }],
  thread_id: result.threadId,
  execution_time: result.executionTime,
  adapter_response: {},
  message: result.message,
  failures: result.failures,
  unique_id: result.uniqueId,
  compiled: result.compiledCode !== null,
  compiled_code: result.compiledCode,
  relation_name: result.relationName,
});
