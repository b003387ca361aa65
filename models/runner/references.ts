import { didYouMean } from "./errors.ts";
import { parseTemplate, type Expression } from "./jinja/index.ts";
import type { Node, Project, Reference, Source } from "./resources.ts";
import { problem } from "./yaml.ts";
import type { YamlPlace } from "./yaml-place.ts";

const isReferable = (node: Node): boolean =>
  node.resourceType === "model" || node.resourceType === "seed" || node.resourceType === "snapshot";

/** `ref('shop', 'orders', v=2)`, as messages write it. */
export function referenceText({ name, package: packageName, version }: Reference): string {
  const parts = packageName === null ? `'${name}'` : `'${packageName}', '${name}'`;
  return `ref(${parts}${version === null ? "" : `, v=${version}`})`;
}

/** Finds what `ref` and `source` mean: the asking package's first, then the project's, then any other package's. */
export class References {
  private readonly project: Project;
  private readonly byName = new Map<string, Node[]>();
  private readonly sources = new Map<string, Source[]>();

  constructor(project: Project) {
    this.project = project;
    for (const node of project.nodes.values()) if (isReferable(node)) append(this.byName, node.name, node);
    for (const source of project.sources.values()) append(this.sources, `${source.sourceName}.${source.name}`, source);
  }

  node(reference: Reference, fromPackage: string): Node | undefined {
    const { name, package: packageName, version } = reference;
    const found = (this.byName.get(name) ?? []).filter(
      (node) => (packageName === null || node.packageName === packageName) && versionFits(node, version),
    );
    return nearestPackage(found, fromPackage, this.project.settings.name);
  }

  source(sourceName: string, tableName: string, fromPackage: string): Source | undefined {
    return nearestPackage(this.sources.get(`${sourceName}.${tableName}`) ?? [], fromPackage, this.project.settings.name);
  }

  isDisabled({ name }: Reference): boolean {
    return [...this.project.disabled.values()].some((node) => isReferable(node) && node.name === name);
  }

  /** Why a reference found nothing, and what would. */
  explain(reference: Reference): string {
    const candidates = this.byName.get(reference.name) ?? [];
    if (this.isDisabled(reference) && candidates.length === 0) return "which is disabled: its configuration says enabled: false";
    const versions = candidates
      .map((node) => node.version)
      .filter((version) => version !== null)
      .sort();
    if (reference.version !== null && candidates.length > 0)
      return versions.length === 0
        ? `but ${reference.name} has no versions`
        : `which does not exist. Its versions are ${versions.join(", ")}`;
    if (reference.package !== null && candidates.length > 0)
      return `which does not exist. Did you mean ref('${candidates[0]?.packageName}', '${reference.name}')?`;
    return `which does not exist.${didYouMean(reference.name, this.byName.keys())}`;
  }

  explainSource(sourceName: string, tableName: string): string {
    return `which no YAML file declares.${didYouMean(`${sourceName}.${tableName}`, this.sources.keys())}`;
  }
}

function append<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}

const versionFits = (node: Node, version: string | null): boolean =>
  version === null ? node.version === null || node.version === node.latestVersion : node.version === version;

const nearestPackage = <T extends { packageName: string }>(found: readonly T[], from: string, root: string): T | undefined =>
  found.find(({ packageName }) => packageName === from) ?? found.find(({ packageName }) => packageName === root) ?? found[0];

/** A call written as text in YAML: `ref('orders', v=2)`, `source('crm', 'orders')` or `this`. */
export type WrittenCall =
  { kind: "ref"; reference: Reference } | { kind: "source"; sourceName: string; tableName: string } | { kind: "this" };

/** Reads such a text; `place` is for the message. */
export function readCall(text: string, place: YamlPlace | string): WrittenCall {
  if (text.trim() === "this") return { kind: "this" };
  const [statement] = parseTemplate(`{{ ${text} }}`, typeof place === "string" ? place : place.file).body;
  const call: Expression | undefined = statement?.kind === "output" ? statement.value : undefined;
  if (call?.kind === "call" && call.target.kind === "name") {
    const literal = (value: Expression): string => (value.kind === "literal" ? String(value.value) : "");
    const args = call.args.filter((argument) => argument.kind === "position").map((argument) => literal(argument.value));
    const version = call.args.find((argument) => argument.name === "v" || argument.name === "version");
    const last = args.at(-1) ?? "";
    if (call.target.name === "ref") {
      const packageName = args.length > 1 ? (args[0] ?? null) : null;
      return { kind: "ref", reference: { name: last, package: packageName, version: version ? literal(version.value) : null } };
    }
    if (call.target.name === "source") return { kind: "source", sourceName: args[0] ?? "", tableName: last };
  }
  throw problem(place, `"${text}" is neither ref('…'), source('…', '…') nor this`);
}
