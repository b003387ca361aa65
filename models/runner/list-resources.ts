import { UsageError, didYouMean } from "./errors.ts";
import { manifestOf } from "./manifest.ts";
import type { Project, Settings } from "./resources.ts";
import { isExposure, isNode, type Resource } from "./selector-methods.ts";
import { isSettings } from "./yaml.ts";

/** How `ls` shows a resource: as `--select` finds it, by its name, by its file, or as a JSON object on a line. */
export const listOutputs = ["selector", "name", "path", "json"] as const;
export type ListOutput = (typeof listOutputs)[number];

/** Raises UsageError for another word. */
export function readListOutput(text: string): ListOutput {
  const known = listOutputs.find((one) => one === text);
  if (known) return known;
  throw new UsageError(`--output takes ${listOutputs.join(", ")}, found "${text}".${didYouMean(text, listOutputs)}`);
}

const usualKeys = [
  "alias",
  "name",
  "package_name",
  "depends_on",
  "tags",
  "config",
  "resource_type",
  "source_name",
  "original_file_path",
  "unique_id",
];

/** One line per resource, in the order of their unique ids. `keys`: of the manifest's record, for JSON; `config.materialized` reaches into it. */
export function listResources(
  project: Project,
  resources: readonly Resource[],
  { output = "selector", keys = usualKeys }: { output?: ListOutput; keys?: readonly string[] },
): string[] {
  const sorted = [...resources].sort((a, b) => (a.uniqueId < b.uniqueId ? -1 : 1));
  if (output !== "json") return sorted.map(shown[output]);
  const { nodes, sources, exposures, unit_tests: unitTests } = manifestOf(project, new Map(), new Map());
  const records: Settings = Object.assign({}, nodes, sources, exposures, unitTests);
  return sorted.map(({ uniqueId }) => JSON.stringify(picked(records[uniqueId], keys)));
}

const shown: Record<Exclude<ListOutput, "json">, (resource: Resource) => string> = {
  selector: (resource) => {
    if (isExposure(resource)) return `exposure:${resource.packageName}.${resource.name}`;
    if (!isNode(resource)) return `source:${resource.packageName}.${resource.sourceName}.${resource.name}`;
    return resource.resourceType === "unit_test" ? `unit_test:${resource.packageName}.${resource.name}` : resource.fqn.join(".");
  },
  name: (resource) => {
    if (isExposure(resource)) return resource.name;
    if (!isNode(resource)) return `${resource.sourceName}.${resource.name}`;
    return resource.version === null ? resource.name : `${resource.name}.v${resource.version}`;
  },
  path: ({ file }) => file,
};

function picked(record: unknown, keys: readonly string[]): Settings {
  const valueAt = (path: readonly string[]): unknown =>
    path.reduce<unknown>((level, key) => (isSettings(level) ? level[key] : undefined), record);
  return Object.fromEntries(keys.map((key) => [key, valueAt(key.split("."))]).filter(([, value]) => value !== undefined));
}
