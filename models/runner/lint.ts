import { loadProject } from "./load-project.ts";
import type { Node, Project } from "./resources.ts";

export interface Finding {
  /** Relative to the project. */
  file: string;
  rule: string;
  message: string;
}

type Layer = "source" | "seed" | "stg" | "int" | "dim" | "fct" | "rpt";

/** What each layer may read. */
const allowed: Record<string, readonly Layer[]> = {
  stg: ["source"],
  int: ["stg", "int", "seed"],
  dim: ["stg", "int", "seed", "dim", "fct"],
  fct: ["stg", "int", "seed", "dim", "fct"],
  rpt: ["dim", "fct"],
};

const folders: Record<string, string> = {
  stg: "models/staging/",
  int: "models/intermediate/",
  dim: "models/marts/",
  fct: "models/marts/",
  rpt: "models/reports/",
};

const clockCalls =
  /\b(?:now|today|current_localtimestamp|get_current_timestamp|get_current_time|transaction_timestamp)\s*\(|\b(?:current_date|current_timestamp|current_time|localtime|localtimestamp)\b/i;
const keywords =
  /\b(?:SELECT|FROM|WHERE|JOIN|LEFT|RIGHT|INNER|OUTER|FULL|CROSS|ON|USING|GROUP|ORDER|BY|HAVING|LIMIT|UNION|ALL|EXCEPT|INTERSECT|WITH|AS|AND|OR|NOT|NULL|IS|IN|CASE|WHEN|THEN|ELSE|END|CAST|COALESCE|SUM|COUNT|MIN|MAX|AVG|OVER|PARTITION|DISTINCT|BETWEEN|LIKE|EXISTS|QUALIFY|WINDOW)\b/;
const nakedAlias =
  /\b(?:from|join)\s+[\w."]+[ \t]+(?!as\b|on\b|using\b|where\b|group\b|order\b|left\b|right\b|inner\b|full\b|cross\b|asof\b|join\b|union\b|limit\b|qualify\b|having\b|window\b|positional\b|natural\b|semi\b|anti\b|except\b|intersect\b)([a-z_]\w*)/i;

/** Checks the rules of docs/architecture.md, "Models", over a project. An empty list: all kept. */
export async function lintProject(projectDir: string): Promise<Finding[]> {
  const target = { name: "lint", catalog: "warehouse", schema: "main", threads: 1 };
  const project = await loadProject({ projectDir, target, vars: { as_of: "2000-01-01T00:00:00Z" } });
  const models = [...project.nodes.values()].filter((node) => node.resourceType === "model");
  return models
    .flatMap((node) => lintModel(node, project))
    .sort((left, right) => (left.file < right.file ? -1 : left.file > right.file ? 1 : 0));
}

function lintModel(node: Node, project: Project): Finding[] {
  const findings: Finding[] = [];
  const say = (rule: string, message: string): void => void findings.push({ file: node.file, rule, message });
  const layer = layerOf(node.name);
  const sql = withoutText(node.rawCode);

  if (layer === undefined) say("name", `${node.name} begins with none of stg_, int_, dim_, fct_, rpt_`);
  else {
    if (!node.file.startsWith(folders[layer] ?? "")) say("folder", `${node.name} belongs in ${folders[layer]}`);
    for (const id of node.dependsOn) {
      const read = project.sources.has(id)
        ? "source"
        : project.nodes.get(id)?.resourceType === "seed"
          ? "seed"
          : layerOf(project.nodes.get(id)?.name ?? "");
      if (read === undefined || !allowed[layer]?.includes(read))
        say("layers", `${layer} may read ${allowed[layer]?.join(", ")}, not ${id}`);
    }
    if (layer === "stg") lintStaging(node, sql, say);
    if ((layer === "dim" || layer === "fct" || layer === "rpt") && !isScope(node.config.meta.scope)) {
      say("scope", "meta.scope says whose rows these are: {entity, employee?, department?, customer?} or none");
    }
  }
  const yaml = node.file.replace(/\.sql$/, ".yml");
  if (node.patchFile === null) say("yaml", `${yaml} is missing`);
  else if (node.patchFile !== yaml) say("yaml", `is described in ${node.patchFile}; one YAML per model: ${yaml}`);
  if (!/^One row per \S/.test(node.description))
    say("description", `begins with "One row per …", not ${JSON.stringify(node.description.slice(0, 60))}`);
  if (!hasKeyTest(node, project)) say("key", "no column has both tests, unique and not_null");
  const clock = clockCalls.exec(sql);
  if (clock) say("clock", `${clock[0].trim()} asks the clock; use var("as_of")`);
  const keyword = keywords.exec(sql);
  if (keyword) say("keywords", `${keyword[0]} in capitals`);
  const alias = nakedAlias.exec(sql);
  if (alias) say("alias", `"${alias[0].replace(/\s+/g, " ")}": an alias needs "as"`);
  return findings;
}

function lintStaging(node: Node, sql: string, say: (rule: string, message: string) => void): void {
  if (node.sources.length !== 1) say("staging", `reads ${node.sources.length} sources; a staging model reads one`);
  // Event tables are only appended to.
  const appendOnly = node.sources.every(([, table]) => table.endsWith("_events"));
  if (!appendOnly && node.config.meta.keeps_deleted !== true && !/\bdeleted_at\s+is\s+null\b/.test(sql)) {
    say("deleted", "keeps soft-deleted rows: add `where deleted_at is null`, or meta.keeps_deleted: true");
  }
}

function layerOf(name: string): Exclude<Layer, "source" | "seed"> | undefined {
  const prefix = name.split("_")[0];
  return prefix === "stg" || prefix === "int" || prefix === "dim" || prefix === "fct" || prefix === "rpt" ? prefix : undefined;
}

function isScope(scope: unknown): boolean {
  if (scope === "none") return true;
  if (typeof scope !== "object" || scope === null || !("entity" in scope)) return false;
  const entities = [scope.entity].flat();
  return entities.length > 0 && entities.every((entity) => typeof entity === "string");
}

function hasKeyTest(node: Node, project: Project): boolean {
  const tested = (name: string): Set<string | null> =>
    new Set(
      [...project.nodes.values()]
        .filter((test) => test.test?.attachedNode === node.uniqueId && test.test.metadata?.name === name)
        .map((test) => test.test?.columnName ?? null),
    );
  const notNull = tested("not_null");
  return [...tested("unique")].some((column) => notNull.has(column));
}

/** The SQL without comments, texts, quoted names and template tags, so that only code is judged. */
function withoutText(rawCode: string): string {
  return rawCode
    .replace(/\{#[\s\S]*?#\}/g, " ")
    .replace(/\{%[\s\S]*?%\}/g, " ")
    .replace(/\{\{[\s\S]*?\}\}/g, "template_value")
    .replace(/--[^\n]*/g, " ")
    .replace(/\/\*[\s\S]*?\*\//g, " ")
    .replace(/'(?:[^']|'')*'/g, "''")
    .replace(/"(?:[^"]|"")*"/g, '""');
}
