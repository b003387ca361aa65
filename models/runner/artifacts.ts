import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { readKeptLineage, writeKeptLineage } from "./lineage/kept-lineage.ts";
import type { ProjectLineage } from "./lineage/lineage.ts";
import { lineageOf, readLineage } from "./lineage/project-lineage.ts";
import { namesOf, readStoredColumns } from "./lineage/stored-columns.ts";
import type { Span } from "./microbatch.ts";
import type { NodeResult } from "./node-result.ts";
import { columnLineageRecord, compiledPathOf, manifestOf, seedChecksums } from "./manifest.ts";
import type { Project, Settings } from "./resources.ts";

export interface Invocation {
  /** dbt's name of the command: `build`, `freshness`, `generate`. */
  which: string;
  startedAt: Date;
  /** Absolute target folder. */
  folder: string;
  /** How it was called; `retry` reads it. */
  args: Settings;
}

/**
 * Writes manifest.json and the compiled SQL in dbt's layout. Returns the manifest.
 * With a connection the manifest also says where the columns of what was compiled come from.
 */
export async function writeManifest(
  project: Project,
  compiled: ReadonlyMap<string, string>,
  invocation: Invocation,
  connection?: DuckDBConnection,
): Promise<Settings> {
  await mkdir(invocation.folder, { recursive: true });
  const lineage = connection && compiled.size > 0 ? await traceColumns(project, compiled, invocation.folder, connection) : new Map();
  const manifest = {
    metadata: { ...metadata("manifest/v12", invocation), project_name: project.settings.name, adapter_type: "duckdb" },
    ...manifestOf(project, compiled, await seedChecksums(project)),
    column_lineage: columnLineageRecord(lineage),
  };
  await writeArtifact(invocation, "manifest.json", manifest);
  writeCompiled(project, compiled, invocation.folder);
  return manifest;
}

/** At once: there are hundreds of small files, and waiting for each takes several times as long as writing it. */
function writeCompiled(project: Project, compiled: ReadonlyMap<string, string>, folder: string): void {
  const made = new Set<string>();
  for (const [id, sql] of compiled) {
    const node = project.nodes.get(id);
    if (!node || node.resourceType === "unit_test") continue;
    const path = join(folder, compiledPathOf(node, project).slice(project.settings.targetPath.length + 1));
    const parent = dirname(path);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    writeFileSync(path, sql);
  }
}

/** Keeps what it found, so that only what changed is parsed again. */
async function traceColumns(
  project: Project,
  compiled: ReadonlyMap<string, string>,
  folder: string,
  connection: DuckDBConnection,
): Promise<ProjectLineage> {
  const before = await readKeptLineage(folder);
  const columns = namesOf(await readStoredColumns(project, connection));
  const kept = await readLineage({ project, compiled, columns, connection, kept: before });
  if ([...kept].some(([id, node]) => before.get(id) !== node)) await writeKeptLineage(folder, new Map([...before, ...kept]));
  return lineageOf(kept);
}

export const writeRunResults = (results: readonly NodeResult[], invocation: Invocation): Promise<void> =>
  writeArtifact(invocation, "run_results.json", {
    metadata: metadata("run-results/v6", invocation),
    results: results.map(resultRecord),
    elapsed_time: elapsed(invocation),
    args: { which: invocation.which, ...invocation.args },
  });

/** `records`: one per source, as sources.json has them. */
export const writeSources = (records: readonly Settings[], invocation: Invocation): Promise<void> =>
  writeArtifact(invocation, "sources.json", {
    metadata: metadata("sources/v3", invocation),
    results: records,
    elapsed_time: elapsed(invocation),
  });

/** Returns the catalog as written. */
export async function writeCatalog(tables: { nodes: Settings; sources: Settings }, invocation: Invocation): Promise<Settings> {
  const catalog = { metadata: metadata("catalog/v1", invocation), ...tables, errors: null };
  await writeArtifact(invocation, "catalog.json", catalog);
  return catalog;
}

async function writeArtifact(invocation: Invocation, name: string, content: Settings): Promise<void> {
  await mkdir(invocation.folder, { recursive: true });
  await writeFile(join(invocation.folder, name), JSON.stringify(content));
}

const elapsed = (invocation: Invocation): number => (Date.now() - invocation.startedAt.getTime()) / 1000;

const metadata = (schema: string, invocation: Invocation): Settings => ({
  dbt_schema_version: `https://schemas.getdbt.com/dbt/${schema}.json`,
  dbt_version: "1.11.0",
  generated_at: new Date().toISOString(),
  invocation_id: createHash("md5").update(`${invocation.startedAt.toISOString()} ${process.pid}`).digest("hex"),
});

const spans = (of: readonly Span[]): string[][] => of.map(({ start, end }) => [start.toISOString(), end.toISOString()]);

const resultRecord = (result: NodeResult): Settings => ({
  // dbt's word for a model of which some batches failed.
  status: result.status === "error" && (result.batches?.successful.length ?? 0) > 0 ? "partial success" : result.status,
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
  batch_results: result.batches ? { successful: spans(result.batches.successful), failed: spans(result.batches.failed) } : null,
});
