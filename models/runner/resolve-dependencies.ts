import { ProjectError, didYouMean } from "./errors.ts";
import { excerpt } from "./jinja/index.ts";
import { References, referenceText } from "./references.ts";
import type { Exposure, Node, Project } from "./resources.ts";

/** Turns the names that `ref` and `source` saw into unique ids. `texts`: what each file says, to show where a name stands that means nothing. */
export function resolveDependencies(project: Project, texts: ReadonlyMap<string, string>): void {
  const references = new References(project);
  for (const node of project.nodes.values()) {
    const isTest = node.resourceType === "test" || node.resourceType === "unit_test";
    if (isTest && node.refs.some((ref) => !references.node(ref, node.packageName) && references.isDisabled(ref))) {
      // dbt leaves out tests of what is disabled. (A map may lose the entry that is being visited.)
      project.nodes.delete(node.uniqueId);
      project.disabled.set(node.uniqueId, node);
      continue;
    }
    node.dependsOn = dependencies(node, references, texts);
  }
  for (const exposure of project.exposures.values()) exposure.dependsOn = dependencies(exposure, references, texts);
  checkGroups(project);
}

function dependencies(owner: Node | Exposure, references: References, texts: ReadonlyMap<string, string>): string[] {
  const needed = new Set<string>();
  const refuse = (call: string, name: string, why: string): never => {
    const { place, around } = whereNamed(owner.file, texts.get(owner.file), name);
    throw new ProjectError(`${place}: ${owner.name} refers to ${call}, ${why}${around}`);
  };
  for (const reference of owner.refs) {
    const found = references.node(reference, owner.packageName);
    if (!found) return refuse(referenceText(reference), reference.name, references.explain(reference));
    needed.add(found.uniqueId);
  }
  for (const [sourceName, tableName] of owner.sources) {
    const found = references.source(sourceName, tableName, owner.packageName);
    if (!found) return refuse(`source('${sourceName}', '${tableName}')`, tableName, references.explainSource(sourceName, tableName));
    needed.add(found.uniqueId);
  }
  return [...needed].sort();
}

/** The file, with the line where the name stands in quotes and the source around it. A name that the template puts together stands nowhere. */
function whereNamed(file: string, text = "", name: string): { place: string; around: string } {
  const at = text.split("\n").findIndex((line) => line.includes(`'${name}'`) || line.includes(`"${name}"`));
  return at < 0 ? { place: file, around: "" } : { place: `${file}:${at + 1}`, around: `\n${excerpt(text, at + 1)}` };
}

const accesses = ["private", "protected", "public"];
const groupOf = (node: Node): string | null => (typeof node.config.group === "string" ? node.config.group : null);
const accessOf = (node: Node): string => String(node.config.access ?? "protected");

/** A model's group and access must be such as there are, and nothing may read what its access keeps from it. */
function checkGroups(project: Project): void {
  const known = new Set([...project.groups.values()].map((group) => group.name));
  for (const node of project.nodes.values()) {
    const place = node.patchFile ?? node.file;
    const group = groupOf(node);
    if (group !== null && !known.has(group))
      throw new ProjectError(
        `${place}: ${node.name} is in the group "${group}", which no YAML file declares; declared are ${[...known].join(", ") || "none"}.${didYouMean(group, known)}`,
      );
    if (!accesses.includes(accessOf(node)))
      throw new ProjectError(
        `${place}: the access of ${node.name} must be one of ${accesses.join(", ")}, found "${accessOf(node)}".${didYouMean(accessOf(node), accesses)}`,
      );
    // A test goes with what it tests.
    if (node.resourceType === "test" || node.resourceType === "unit_test") continue;
    for (const id of node.dependsOn) {
      const parent = project.nodes.get(id);
      if (parent) checkAccess(node, parent, project.packages.get(parent.packageName)?.restrictsAccess ?? false);
    }
  }
}

/** dbt's rules: private is for the same group, protected for the same package where the package says restrict-access. */
function checkAccess(node: Node, parent: Node, restricts: boolean): void {
  const fromOutside = restricts && node.packageName !== parent.packageName;
  const group = groupOf(parent);
  if (accessOf(parent) === "private" && (groupOf(node) === null || groupOf(node) !== group || fromOutside)) {
    const own = groupOf(node);
    throw new ProjectError(
      `${node.file}: ${node.name} (${own === null ? "in no group" : `group "${own}"`}) refers to ref('${parent.name}'), which is private to the group "${group ?? ""}". Make its access protected or public in ${parent.patchFile ?? parent.file}, or put ${node.name} into that group`,
    );
  }
  if (accessOf(parent) === "protected" && fromOutside)
    throw new ProjectError(
      `${node.file}: ${node.name} refers to ref('${parent.packageName}', '${parent.name}'), which is protected, and the package "${parent.packageName}" restricts access to its public models. Make its access public in ${parent.patchFile ?? parent.file}`,
    );
}

/** Two nodes must not be built into one relation. */
export function assertDistinctRelations(project: Project): void {
  const built = new Map<string, Node>();
  for (const node of project.nodes.values()) {
    const isBuilt = node.resourceType === "model" || node.resourceType === "seed" || node.resourceType === "snapshot";
    if (!isBuilt || node.config.materialized === "ephemeral") continue;
    const key = [node.database, node.schema, node.alias].join(".").toLowerCase();
    const other = built.get(key);
    if (other)
      throw new ProjectError(
        `${other.file} and ${node.file} would both be built as "${node.schema}"."${node.alias}". Give one of them another alias or schema`,
      );
    built.set(key, node);
  }
}
