import { UsageError, didYouMean } from "./errors.ts";
import { Graph } from "./graph.ts";
import type { Node, Project, Source } from "./resources.ts";

type Resource = Node | Source;

const isNode = (resource: Resource): resource is Node => "resourceType" in resource;

/** The nodes that `--select` and `--exclude` name; without `--select` all of them. Tests come along with what they test. */
export function selectNodes(project: Project, select: readonly string[], exclude: readonly string[]): Set<string> {
  const selector = new Selector(project);
  const chosen = select.length === 0 ? new Set([...project.nodes.keys(), ...project.sources.keys()]) : selector.union(select);
  for (const id of selector.union(exclude)) chosen.delete(id);
  return chosen;
}

class Selector {
  private readonly graph: Graph;
  private readonly resources: Resource[];

  constructor(project: Project) {
    this.graph = new Graph(project.nodes.values());
    this.resources = [...project.nodes.values(), ...project.sources.values()];
  }

  /** Each text is a union of words; a word is an intersection written with commas. */
  union(texts: readonly string[]): Set<string> {
    const chosen = new Set<string>();
    for (const word of texts.flatMap((text) => text.trim().split(/\s+/)).filter(Boolean)) {
      const [first = new Set<string>(), ...others] = word.split(",").map((part) => this.part(part));
      for (const id of first) if (others.every((other) => other.has(id))) chosen.add(id);
    }
    return chosen;
  }

  /** `2+name+1`, `@name`, with the tests of everything found. */
  private part(text: string): Set<string> {
    const parsed = /^(?<at>@)?(?:(?<up>\d*)\+)?(?<body>.+?)(?:\+(?<down>\d*))?$/.exec(text);
    const { at, up, body, down } = parsed?.groups ?? {};
    if (body === undefined) throw new UsageError(`cannot read the selector "${text}"`);
    const found = this.method(body);
    const chosen = new Set(found);
    for (const id of found) {
      if (up !== undefined) for (const other of this.graph.ancestors(id, up === "" ? undefined : Number(up))) chosen.add(other);
      if (down !== undefined) for (const other of this.graph.descendants(id, down === "" ? undefined : Number(down))) chosen.add(other);
      if (at !== undefined) {
        for (const other of this.graph.descendants(id)) {
          chosen.add(other);
          for (const ancestor of this.graph.ancestors(other)) chosen.add(ancestor);
        }
      }
    }
    for (const resource of this.resources) {
      if (
        isNode(resource) &&
        (resource.resourceType === "test" || resource.resourceType === "unit_test") &&
        resource.dependsOn.some((parent) => chosen.has(parent))
      )
        chosen.add(resource.uniqueId);
    }
    return chosen;
  }

  private method(body: string): string[] {
    const split = /^([a-z_]+(?:\.[\w.]+)?):(.*)$/s.exec(body);
    const method = split?.[1] ?? implicitMethod(body);
    const value = split?.[2] ?? body;
    return this.resources.filter(this.predicate(method, value)).map((resource) => resource.uniqueId);
  }

  private predicate(method: string, value: string): (resource: Resource) => boolean {
    const matches = pattern(value);
    if (method.startsWith("config.")) {
      const path = method.slice("config.".length).split(".");
      return (resource) => {
        const found = path.reduce<unknown>(
          (level, key) => (typeof level === "object" && level !== null ? Reflect.get(level, key) : undefined),
          resource.config,
        );
        return Array.isArray(found) ? found.some((item) => matches(String(item))) : found !== undefined && matches(String(found));
      };
    }
    switch (method) {
      case "fqn":
        return (resource) => (isNode(resource) ? matchesFqn(resource, value) : false);
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
        return (resource) => !isNode(resource) && matchesSource(resource, value);
      case "resource_type":
        return (resource) => (isNode(resource) ? resource.resourceType : "source") === value;
      case "package":
        return (resource) => matches(resource.fqn[0] ?? "") || value === "this";
      case "test_type":
        return (resource) => isNode(resource) && testTypes(resource).includes(value);
      case "test_name":
        return (resource) => isNode(resource) && resource.test?.metadata !== undefined && matches(resource.test.metadata.name);
      default:
        throw new UsageError(
          `there is no selector method "${method}:".${didYouMean(method, ["fqn", "tag", "path", "file", "source", "resource_type", "package", "config", "test_type", "test_name"])}`,
        );
    }
  }
}

function testTypes(node: Node): string[] {
  if (node.resourceType === "unit_test") return ["unit"];
  if (node.resourceType !== "test") return [];
  return ["data", node.test?.metadata ? "generic" : "singular"];
}

/** A text without a method: a path when it has a slash, a file when it ends like one, else a name or a prefix of folders. */
function implicitMethod(value: string): string {
  if (value.includes("/")) return "path";
  return /\.(sql|yml|yaml|csv)$/.test(value) ? "file" : "fqn";
}

function matchesFqn(node: Node, value: string): boolean {
  const matchesName = pattern(value);
  if (matchesName(node.name)) return true;
  const parts = value.split(".");
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
