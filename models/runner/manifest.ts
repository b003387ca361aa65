import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { hasContract } from "./contract.ts";
import { originsOf, type ProjectLineage } from "./lineage/lineage.ts";
import { macroText } from "./macro-text.ts";
import type { DocsBlock, Exposure, Group, Macro, Node, Project, Settings, Source } from "./resources.ts";
import { isSettings } from "./yaml.ts";

/** The checksum of each seed's file, by unique id: its rows are not read while parsing. */
export async function seedChecksums(project: Project): Promise<Map<string, string>> {
  const checksums = new Map<string, string>();
  for (const node of [...project.nodes.values(), ...project.disabled.values()]) {
    if (node.resourceType !== "seed") continue;
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(project.settings.directory, node.file)), hash);
    checksums.set(node.uniqueId, hash.digest("hex"));
  }
  return checksums;
}

/** Everything of a project in the layout of dbt's manifest v12, without `metadata`. `compiled`: SQL by unique id; `seeds`: their checksums. */
export function manifestOf(project: Project, compiled: ReadonlyMap<string, string>, seeds: ReadonlyMap<string, string>): Settings {
  const nodes = [...project.nodes.values()];
  const describe = (node: Node): Settings => ({
    ...manifestNode(node, project, compiled.get(node.uniqueId)),
    ...(seeds.has(node.uniqueId) && { checksum: { name: "sha256", checksum: seeds.get(node.uniqueId) } }),
  });
  return {
    nodes: byId(nodes.filter(isOrdinary), describe),
    sources: byId([...project.sources.values()], (source) => manifestSource(source)),
    macros: byId([...project.macros.values()], manifestMacro),
    docs: byId([...project.docs.values()], manifestDocs),
    exposures: byId([...project.exposures.values()], manifestExposure),
    metrics: {},
    groups: byId([...project.groups.values()], manifestGroup),
    selectors: Object.fromEntries(project.selectors),
    disabled: Object.fromEntries(
      [...project.disabled.values()].map((node) => [node.uniqueId, [isOrdinary(node) ? describe(node) : unitTest(node)]]),
    ),
    ...maps(project),
    saved_queries: {},
    semantic_models: {},
    unit_tests: byId(
      nodes.filter((node) => !isOrdinary(node)),
      unitTest,
    ),
  };
}

/** Who reads whom, both ways, and who belongs to which group. */
function maps(project: Project): Settings {
  const readers = [...project.nodes.values(), ...project.exposures.values()];
  const parents = new Map<string, string[]>([...project.sources.keys()].map((id) => [id, []]));
  for (const { uniqueId, dependsOn } of readers) parents.set(uniqueId, dependsOn);
  const children = new Map<string, string[]>([...parents.keys()].map((id) => [id, []]));
  for (const [id, reads] of parents) for (const parent of reads) children.get(parent)?.push(id);
  const members = [...project.groups.values()].map(({ name }) => [
    name,
    [...project.nodes.values()].filter((node) => node.config.group === name).map((node) => node.uniqueId),
  ]);
  return {
    parent_map: Object.fromEntries(parents),
    child_map: Object.fromEntries(children),
    group_map: Object.fromEntries(members),
  };
}

const isOrdinary = (node: Node): boolean => node.resourceType !== "unit_test";

const byId = <Item extends { uniqueId: string }>(items: readonly Item[], describe: (item: Item) => Settings): Settings =>
  Object.fromEntries(items.map((item) => [item.uniqueId, describe(item)]));

const identity = (node: Node): Settings => ({
  unique_id: node.uniqueId,
  name: node.name,
  resource_type: node.resourceType,
  package_name: node.packageName,
  path: node.file.split("/").slice(1).join("/"),
  original_file_path: node.file,
  fqn: node.fqn,
});

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const checksum = (text: string): Settings => ({ name: "sha256", checksum: sha256(text) });

const columnsOf = (resource: Node | Source): Settings => Object.fromEntries(resource.columns.map((column) => [column.name, column]));

function manifestNode(node: Node, project: Project, compiledCode: string | undefined): Settings {
  const isTest = node.resourceType === "test";
  const compiledPath = compiledPathOf(node, project);
  return {
    ...identity(node),
    patch_path: node.patchFile === null ? null : `${node.packageName}://${node.patchFile}`,
    alias: node.alias,
    database: node.database,
    schema: node.schema,
    relation_name: isTest || node.config.materialized === "ephemeral" ? null : relationName(node.database, node.schema, node.alias),
    checksum: checksum(node.rawCode),
    config: node.config,
    tags: node.config.tags,
    meta: node.config.meta,
    description: node.description,
    columns: columnsOf(node),
    raw_code: node.rawCode,
    ...(node.resourceType === "seed"
      ? { depends_on: { macros: node.dependsOnMacros } }
      : {
          language: "sql",
          refs: node.refs,
          sources: node.sources,
          depends_on: { macros: node.dependsOnMacros, nodes: node.dependsOn },
          ...(compiledCode !== undefined && {
            compiled: true,
            compiled_code: compiledCode,
            compiled_path: compiledPath,
            extra_ctes_injected: true,
            extra_ctes: [],
          }),
        }),
    ...(node.resourceType === "model" && modelRecord(node)),
    ...(isTest && node.test?.metadata
      ? { test_metadata: node.test.metadata, attached_node: node.test.attachedNode, column_name: node.test.columnName }
      : {}),
  };
}

/** Changes with what the contract promises, in whatever order its columns stand. */
const contractChecksum = ({ columns, constraints }: Node): string =>
  sha256(
    JSON.stringify([columns.map((column) => JSON.stringify([column.name, column.data_type, column.constraints])).sort(), constraints]),
  );

const modelRecord = (node: Node): Settings => ({
  access: node.config.access ?? "protected",
  group: node.config.group ?? null,
  version: node.version,
  latest_version: node.latestVersion,
  constraints: node.constraints,
  contract: { enforced: hasContract(node), alias_types: true, checksum: hasContract(node) ? contractChecksum(node) : null },
});

/**
 * The section `column_lineage`, which dbt's manifest does not have and its readers pass over: by unique id of a model or snapshot, for each column
 * the kind, the columns it comes from directly (`inputs`) and those at the far end (`origins`: of sources and seeds). A column `*` means the rows.
 */
export function columnLineageRecord(lineage: ProjectLineage): Settings {
  return Object.fromEntries(
    [...lineage].map(([id, { columns, problem }]) => [
      id,
      {
        columns: Object.fromEntries(columns.map(({ name, ...column }) => [name, { ...column, origins: originsOf(lineage, id, name) }])),
        ...(problem !== undefined && { problem }),
      },
    ]),
  );
}

/** Where the compiled SQL is, relative to the project. */
export function compiledPathOf(node: Node, project: Project): string {
  const file = node.file.slice(project.packages.get(node.packageName)?.prefix.length ?? 0);
  const name = file.endsWith(".sql") && node.resourceType !== "snapshot" ? file : `${file}/${node.alias}.sql`;
  return `${project.settings.targetPath}/compiled/${node.packageName}/${name}`;
}

const relationName = (...parts: string[]): string => parts.map((part) => `"${part}"`).join(".");

const manifestSource = (source: Source): Settings => ({
  unique_id: source.uniqueId,
  name: source.name,
  source_name: source.sourceName,
  source_description: "",
  loader: "",
  resource_type: "source",
  package_name: source.packageName,
  path: source.file,
  original_file_path: source.file,
  fqn: source.fqn,
  database: source.database,
  schema: source.schema,
  identifier: source.identifier,
  relation_name: relationName(source.database, source.schema, source.identifier),
  description: source.description,
  columns: columnsOf(source),
  loaded_at_field: source.config.loaded_at_field ?? null,
  freshness: isSettings(source.config.freshness) ? source.config.freshness : null,
  config: { enabled: source.config.enabled },
  tags: source.config.tags,
  meta: source.config.meta,
});

const manifestMacro = (macro: Macro): Settings => ({
  name: macro.name,
  unique_id: macro.uniqueId,
  resource_type: "macro",
  package_name: macro.packageName,
  original_file_path: macro.file,
  path: macro.file,
  macro_sql: macroText(macro),
});

const manifestDocs = (block: DocsBlock): Settings => ({
  name: block.name,
  unique_id: block.uniqueId,
  resource_type: "doc",
  package_name: block.packageName,
  path: block.file,
  original_file_path: block.file,
  block_contents: block.text,
});

const manifestExposure = (exposure: Exposure): Settings => ({
  name: exposure.name,
  unique_id: exposure.uniqueId,
  resource_type: "exposure",
  package_name: exposure.packageName,
  path: exposure.file,
  original_file_path: exposure.file,
  fqn: exposure.fqn,
  type: exposure.type,
  label: exposure.label,
  maturity: exposure.maturity,
  url: exposure.url,
  owner: exposure.owner,
  description: exposure.description,
  tags: exposure.config.tags,
  meta: exposure.config.meta,
  config: { enabled: exposure.config.enabled, tags: exposure.config.tags, meta: exposure.config.meta },
  refs: exposure.refs,
  sources: exposure.sources,
  depends_on: { macros: [], nodes: exposure.dependsOn },
});

const manifestGroup = (group: Group): Settings => ({
  name: group.name,
  unique_id: group.uniqueId,
  resource_type: "group",
  package_name: group.packageName,
  path: group.file,
  original_file_path: group.file,
  owner: group.owner,
  description: group.description || null,
});

const unitTest = (node: Node): Settings => ({
  ...identity(node),
  description: node.description,
  model: node.unitTest?.model,
  given: node.unitTest?.given,
  expect: { rows: node.unitTest?.expect.rows, format: node.unitTest?.expect.format },
  overrides: node.unitTest?.overrides,
  depends_on: { macros: node.dependsOnMacros, nodes: node.dependsOn },
  config: { tags: node.config.tags, meta: node.config.meta, enabled: node.config.enabled },
  schema: node.schema,
});
