import { Dict, fromJs, type Value } from "./jinja/index.ts";
import type { Exposure, Group, Node, Project, Settings, Source } from "./resources.ts";

/** What `model`, `node` and `graph.nodes` show to templates. */
export const describeNode = (node: Node): Settings => ({
  unique_id: node.uniqueId,
  resource_type: node.resourceType,
  name: node.name,
  alias: node.alias,
  database: node.database,
  schema: node.schema,
  identifier: node.alias,
  relation_name: `"${node.database}"."${node.schema}"."${node.alias}"`,
  fqn: node.fqn,
  path: node.file.split("/").slice(1).join("/"),
  original_file_path: node.file,
  package_name: node.packageName,
  config: node.config,
  description: node.description,
  columns: Object.fromEntries(node.columns.map((column) => [column.name, column])),
  tags: node.config.tags,
  meta: node.config.meta,
  raw_code: node.rawCode,
  language: "sql",
  version: node.version,
  latest_version: node.latestVersion,
  access: node.config.access ?? "protected",
  group: node.config.group ?? null,
  constraints: node.constraints,
  refs: node.refs,
  sources: node.sources,
  depends_on: { nodes: node.dependsOn, macros: node.dependsOnMacros },
  ...(node.test && {
    test_metadata: node.test.metadata ?? null,
    attached_node: node.test.attachedNode,
    column_name: node.test.columnName,
  }),
});

const describeSource = (source: Source): Settings => ({
  unique_id: source.uniqueId,
  resource_type: "source",
  source_name: source.sourceName,
  name: source.name,
  database: source.database,
  schema: source.schema,
  identifier: source.identifier,
  relation_name: `"${source.database}"."${source.schema}"."${source.identifier}"`,
  fqn: source.fqn,
  package_name: source.packageName,
  original_file_path: source.file,
  description: source.description,
  columns: Object.fromEntries(source.columns.map((column) => [column.name, column])),
  config: source.config,
  tags: source.config.tags,
  meta: source.config.meta,
});

const describeExposure = (exposure: Exposure): Settings => ({
  unique_id: exposure.uniqueId,
  resource_type: "exposure",
  name: exposure.name,
  type: exposure.type,
  label: exposure.label,
  url: exposure.url,
  maturity: exposure.maturity,
  owner: exposure.owner,
  description: exposure.description,
  fqn: exposure.fqn,
  package_name: exposure.packageName,
  config: exposure.config,
  tags: exposure.config.tags,
  meta: exposure.config.meta,
  depends_on: { nodes: exposure.dependsOn, macros: [] },
});

const describeGroup = (group: Group): Settings => ({
  unique_id: group.uniqueId,
  resource_type: "group",
  name: group.name,
  owner: group.owner,
  package_name: group.packageName,
});

const graphs = new WeakMap<Project["nodes"], Dict>();

/** `graph`: every node, source, exposure and group by unique id. Made once per project. */
export function projectGraph(project: Project): Value {
  let graph = graphs.get(project.nodes);
  if (!graph) {
    const described = <T>(items: ReadonlyMap<string, T>, describe: (item: T) => Settings): Value =>
      fromJs(Object.fromEntries([...items].map(([id, item]) => [id, describe(item)])));
    graph = Dict.of({
      nodes: described(project.nodes, describeNode),
      sources: described(project.sources, describeSource),
      exposures: described(project.exposures, describeExposure),
      groups: described(project.groups, describeGroup),
      metrics: new Dict(),
      semantic_models: new Dict(),
      saved_queries: new Dict(),
    });
    graphs.set(project.nodes, graph);
  }
  return graph;
}
