import { createHash } from "node:crypto";
import { Graph } from "./graph.ts";
import { macroText } from "./macro-text.ts";
import type { Macro, Node, Project, Settings, Source } from "./resources.ts";
import { isSettings } from "./yaml.ts";

/** Everything of a project in the layout of dbt's manifest v12, without `metadata`. `compiled`: SQL by unique id. */
export function manifestOf(project: Project, compiled: ReadonlyMap<string, string>): Settings {
  const nodes = [...project.nodes.values()];
  const ids = [...project.sources.keys(), ...project.nodes.keys()];
  const graph = new Graph(nodes);
  const describe = (node: Node): Settings => manifestNode(node, project, compiled.get(node.uniqueId));
  return {
    nodes: byId(nodes.filter(isOrdinary), describe),
    sources: byId([...project.sources.values()], (source) => manifestSource(source)),
    macros: byId([...project.macros.values()], manifestMacro),
    docs: {},
    exposures: {},
    metrics: {},
    groups: {},
    selectors: {},
    disabled: Object.fromEntries(
      [...project.disabled.values()].map((node) => [node.uniqueId, [isOrdinary(node) ? describe(node) : unitTest(node)]]),
    ),
    parent_map: Object.fromEntries(ids.map((id) => [id, [...graph.parents(id)]])),
    child_map: Object.fromEntries(ids.map((id) => [id, [...graph.children(id)]])),
    group_map: {},
    saved_queries: {},
    semantic_models: {},
    unit_tests: byId(
      nodes.filter((node) => !isOrdinary(node)),
      unitTest,
    ),
  };
}

const isOrdinary = (node: Node): boolean => node.resourceType !== "unit_test";

const byId = <Item extends { uniqueId: string }>(items: readonly Item[], describe: (item: Item) => Settings): Settings =>
  Object.fromEntries(items.map((item) => [item.uniqueId, describe(item)]));

/** The package's name stands first in a unique id: `model.kehu.fct_orders`. */
const packageOf = (uniqueId: string): string => uniqueId.split(".")[1] ?? "";

const identity = (node: Node): Settings => ({
  unique_id: node.uniqueId,
  name: node.name,
  resource_type: node.resourceType,
  package_name: packageOf(node.uniqueId),
  path: node.file.split("/").slice(1).join("/"),
  original_file_path: node.file,
  fqn: node.fqn,
});

const checksum = (text: string): Settings => ({ name: "sha256", checksum: createHash("sha256").update(text).digest("hex") });

const columnsOf = (resource: Node | Source): Settings =>
  Object.fromEntries(resource.columns.map((column) => [column.name, { ...column, constraints: Reflect.get(column, "constraints") ?? [] }]));

function manifestNode(node: Node, project: Project, compiledCode: string | undefined): Settings {
  const isTest = node.resourceType === "test";
  const compiledPath = compiledPathOf(node, project);
  return {
    ...identity(node),
    patch_path: node.patchFile === null ? null : `${packageOf(node.uniqueId)}://${node.patchFile}`,
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
    ...(isTest && node.test?.metadata
      ? { test_metadata: node.test.metadata, attached_node: node.test.attachedNode, column_name: node.test.columnName }
      : {}),
  };
}

/** Where the compiled SQL is, relative to the project. */
export function compiledPathOf(node: Node, project: Project): string {
  const name = node.file.endsWith(".sql") && node.resourceType !== "snapshot" ? node.file : `${node.file}/${node.alias}.sql`;
  return `${project.settings.targetPath}/compiled/${packageOf(node.uniqueId)}/${name}`;
}

const relationName = (...parts: string[]): string => parts.map((part) => `"${part}"`).join(".");

const manifestSource = (source: Source): Settings => ({
  unique_id: source.uniqueId,
  name: source.name,
  source_name: source.sourceName,
  source_description: "",
  loader: "",
  resource_type: "source",
  package_name: packageOf(source.uniqueId),
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
