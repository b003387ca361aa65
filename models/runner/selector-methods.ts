import { UsageError, didYouMean } from "./errors.ts";
import { matchesResult, matchesSourceStatus, matchesState, type EarlierState } from "./earlier-state.ts";
import type { Exposure, Node, Project, Source } from "./resources.ts";
import type { ListedType } from "./run-options.ts";

export type Resource = Node | Source | Exposure;

export const isNode = (resource: Resource): resource is Node => "resourceType" in resource;
export const isExposure = (resource: Resource): resource is Exposure => "maturity" in resource;
export const resourceTypeOf = (resource: Resource): ListedType =>
  isNode(resource) ? resource.resourceType : isExposure(resource) ? "exposure" : "source";
const isSource = (resource: Resource): resource is Source => "sourceName" in resource;

const methods = [
  "access",
  "config",
  "exposure",
  "file",
  "fqn",
  "group",
  "package",
  "path",
  "resource_type",
  "result",
  "selector",
  "source",
  "source_status",
  "state",
  "tag",
  "test_name",
  "test_type",
  "unit_test",
  "version",
];

/** Whether a resource is what `method:value` names; the methods are dbt's. `state` is for the two that compare with an earlier run. */
export function methodPredicate(
  method: string,
  value: string,
  project: Project,
  state: EarlierState | undefined,
): (resource: Resource) => boolean {
  const matches = pattern(value);
  if (method.startsWith("config.")) return ofConfig(method.slice("config.".length).split("."), matches);
  switch (method) {
    case "fqn":
      return (resource) => isNode(resource) && matchesFqn(resource, value);
    case "state":
      return matchesState(value, project, earlier(state, method));
    case "result":
      return matchesResult(value, earlier(state, method));
    case "source_status":
      return matchesSourceStatus(value, earlier(state, method));
    case "tag":
      return (resource) => resource.config.tags.some(matches);
    case "path": {
      const folder = value.replace(/^\.\//, "").replace(/\/$/, "");
      const inFolder = pattern(folder);
      return ({ file }) => file === folder || file.startsWith(`${folder}/`) || inFolder(file);
    }
    case "file":
      return ({ file }) => matches(file.split("/").at(-1) ?? "") || matches((file.split("/").at(-1) ?? "").replace(/\.\w+$/, ""));
    case "source":
      return (resource) => isSource(resource) && matchesSource(resource, value);
    case "exposure":
      return (resource) => isExposure(resource) && (matches(resource.name) || matches(resource.fqn.join(".")));
    case "resource_type":
      return (resource) => resourceTypeOf(resource) === value;
    case "package":
      return (resource) => matches(resource.packageName) || value === "this";
    case "group":
      return ofConfig(["group"], matches);
    case "access":
      return (resource) => isNode(resource) && resource.resourceType === "model" && matches(String(resource.config.access ?? "protected"));
    case "version":
      return (resource) => isNode(resource) && matchesVersion(resource, value);
    case "unit_test":
      return (resource) =>
        isNode(resource) &&
        resource.resourceType === "unit_test" &&
        (matches(resource.name) || matches(`${resource.packageName}.${resource.name}`));
    case "test_type":
      return (resource) => isNode(resource) && testTypes(resource).includes(value);
    case "test_name":
      return (resource) => isNode(resource) && resource.test?.metadata !== undefined && matches(resource.test.metadata.name);
    default:
      throw new UsageError(`there is no selector method "${method}:".${didYouMean(method, methods)}`);
  }
}

function earlier(state: EarlierState | undefined, method: string): EarlierState {
  if (state) return state;
  throw new UsageError(`the selector method "${method}:" compares with an earlier run: name the folder of its artifacts with --state`);
}

function ofConfig(path: readonly string[], matches: (text: string) => boolean): (resource: Resource) => boolean {
  return (resource) => {
    const found = path.reduce<unknown>(
      (level, key) => (typeof level === "object" && level !== null ? Reflect.get(level, key) : undefined),
      resource.config,
    );
    return Array.isArray(found) ? found.some((item) => matches(String(item))) : found !== undefined && matches(String(found));
  };
}

function matchesVersion({ version, latestVersion }: Node, value: string): boolean {
  if (value === "none") return version === null;
  if (version === null) return false;
  const order = version.localeCompare(latestVersion ?? version, "en", { numeric: true });
  if (value === "latest") return order === 0;
  if (value === "old") return order < 0;
  return value === "prerelease" ? order > 0 : version === value;
}

function testTypes(node: Node): string[] {
  if (node.resourceType === "unit_test") return ["unit"];
  if (node.resourceType !== "test") return [];
  return ["data", node.test?.metadata ? "generic" : "singular"];
}

/** A text without a method: a path when it has a slash, a file when it ends like one, else a name or a prefix of folders. */
export function implicitMethod(value: string): string {
  if (value.includes("/")) return "path";
  return /\.(sql|yml|yaml|csv)$/.test(value) ? "file" : "fqn";
}

function matchesFqn(node: Node, value: string): boolean {
  const matchesName = pattern(value);
  if (matchesName(node.name)) return true;
  const parts = value.split(".");
  // `orders.v2` is a version of the model.
  if (node.version !== null && parts.length > 1 && parts.at(-1) === `v${node.version}` && parts.at(-2) === node.name) return true;
  const prefix = (fqn: readonly string[]): boolean =>
    parts.length <= fqn.length && parts.every((part, index) => pattern(part)(fqn[index] ?? ""));
  // With or without the project's name in front.
  return prefix(node.fqn) || prefix(node.fqn.slice(1));
}

function matchesSource(source: Source, value: string): boolean {
  const parts = value.split(".");
  const names = parts.length > 2 ? parts.slice(1) : parts;
  return pattern(names[0] ?? "")(source.sourceName) && (names[1] === undefined || pattern(names[1])(source.name));
}

/** Unix wildcards: `*`, `?`, `[abc]`. */
function pattern(value: string): (text: string) => boolean {
  if (!/[*?[]/.test(value)) return (text) => text === value;
  const source = value
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const expression = new RegExp(`^${source}$`);
  return (text) => expression.test(text);
}
