import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "./resources.ts";
import { asSettings, isSettings } from "./yaml.ts";

/** One entry of the page: what it shows of a model, seed, snapshot, source or exposure. */
interface PageNode {
  id: string;
  name: string;
  type: string;
  /** Heading in the list: folder or source. */
  group: string;
  materialized: string;
  relation: string;
  rows: number | null;
  file: string;
  description: string;
  tags: string[];
  parents: string[];
  tests: string[];
  columns: { name: string; type: string; description: string; tests: string[]; kind: string; inputs: { id: string; column: string }[] }[];
  code: string;
  compiled: string;
}

const templateFile = new URL("./docs-page.html", import.meta.url);
const placeholder = /(<script type="application\/json" id="catalogue">)[\s\S]*?(<\/script>)/;

/** Writes `index.html` into the folder: the catalogue and its lineage in one file that needs nothing else. */
export async function writeDocsPage(folder: string, manifest: Settings, catalog: Settings): Promise<void> {
  const template = await readFile(templateFile, "utf8");
  const metadata = asSettings(manifest.metadata, "manifest: metadata");
  const data = { project: metadata.project_name, generatedAt: metadata.generated_at, nodes: pageNodes(manifest, catalog) };
  // A description may hold "</script>"; a replacement text may hold "$&".
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  await writeFile(
    join(folder, "index.html"),
    template.replace(placeholder, (_, open: string, close: string) => `${open}${json}${close}`),
  );
}

function pageNodes(manifest: Settings, catalog: Settings): PageNode[] {
  const records = ["sources", "nodes", "exposures"].flatMap((key) => entries(manifest[key]));
  const tests = records.filter(({ resource_type: type }) => type === "test");
  const built = { ...asSettings(catalog.nodes, "catalog"), ...asSettings(catalog.sources, "catalog") };
  const lineage = asSettings(manifest.column_lineage, "manifest: column_lineage");
  return records
    .filter(({ resource_type: type }) => type !== "test")
    .map((record) => {
      const id = String(record.unique_id);
      return pageNode(
        record,
        tests,
        asSettings(built[id], "catalog"),
        asSettings(asSettings(lineage[id], "column_lineage").columns, "column_lineage"),
      );
    });
}

const entries = (value: unknown): Settings[] => (isSettings(value) ? Object.values(value).filter(isSettings) : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

function pageNode(record: Settings, tests: readonly Settings[], table: Settings, lineage: Settings): PageNode {
  const id = String(record.unique_id);
  const config = isSettings(record.config) ? record.config : {};
  const dependsOn = isSettings(record.depends_on) ? record.depends_on.nodes : undefined;
  const own = tests.filter((test) => test.attached_node === id);
  const labels = (of: readonly Settings[]): string[] =>
    of.map((test) => (isSettings(test.test_metadata) ? text(test.test_metadata.name) : text(test.name)));
  const described = isSettings(record.columns) ? record.columns : {};
  const actual = isSettings(table.columns) ? table.columns : {};
  const stats = isSettings(table.stats) && isSettings(table.stats.num_rows) ? table.stats.num_rows.value : null;
  return {
    id,
    name: nameOf(record),
    type: text(record.resource_type),
    group: groupOf(record),
    materialized: text(config.materialized),
    relation: text(record.relation_name),
    rows: typeof stats === "number" ? stats : null,
    file: text(record.original_file_path),
    description: text(record.description),
    tags: Array.isArray(record.tags) ? record.tags.map(String) : [],
    parents: Array.isArray(dependsOn) ? dependsOn.map(String) : [],
    tests: labels(own.filter((test) => !test.column_name)),
    columns: [...new Set([...Object.keys(actual), ...Object.keys(described)])].map((name) => {
      const [about, found] = [described[name], actual[name]].map((value) => (isSettings(value) ? value : {}));
      return {
        name,
        type: text(found?.type) || text(about?.data_type),
        description: text(about?.description),
        tests: labels(own.filter((test) => test.column_name === name)),
        ...origin(asSettings(lineage[name], "column_lineage")),
      };
    }),
    code: text(record.raw_code),
    compiled: text(record.compiled_code),
  };
}

const origin = ({ kind, inputs }: Settings): { kind: string; inputs: { id: string; column: string }[] } => ({
  kind: text(kind),
  inputs: (Array.isArray(inputs) ? inputs.filter(isSettings) : []).map(({ node, column }) => ({ id: text(node), column: text(column) })),
});

/** `crm.orders` of a source, `dim_customers.v2` of a versioned model. */
function nameOf(record: Settings): string {
  if (record.resource_type === "source") return `${text(record.source_name)}.${text(record.name)}`;
  return record.version === undefined || record.version === null ? text(record.name) : `${text(record.name)}.v${String(record.version)}`;
}

function groupOf(record: Settings): string {
  if (record.resource_type === "source") return text(record.source_name);
  const folder = text(record.original_file_path).split("/").slice(0, -1).join("/");
  return folder || text(record.resource_type);
}
