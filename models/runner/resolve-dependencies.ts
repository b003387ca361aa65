import { ProjectError } from "./errors.ts";
import { References, referenceText } from "./references.ts";
import type { Exposure, Node, Project } from "./resources.ts";

/** Turns the names that `ref` and `source` saw into unique ids. */
export function resolveDependencies(project: Project): void {
  const references = new References(project);
  for (const node of project.nodes.values()) {
    const isTest = node.resourceType === "test" || node.resourceType === "unit_test";
    if (isTest && node.refs.some((ref) => !references.node(ref, node.packageName) && references.isDisabled(ref))) {
      // dbt leaves out tests of what is disabled. (A map may lose the entry that is being visited.)
      project.nodes.delete(node.uniqueId);
      project.disabled.set(node.uniqueId, node);
      continue;
    }
    node.dependsOn = dependencies(node, references);
  }
  for (const exposure of project.exposures.values()) exposure.dependsOn = dependencies(exposure, references);
  checkGroups(project);
}

function dependencies(owner: Node | Exposure, references: References): string[] {
  const needed = new Set<string>();
  for (const reference of owner.refs) {
    const found = references.node(reference, owner.packageName);
    if (!found)
      throw new ProjectError(`${owner.file}: ${owner.name} refers to ${referenceText(reference)}, ${references.explain(reference)}`);
    needed.add(found.uniqueId);
  }
  for (const [sourceName, tableName] of owner.sources) {
    const found = references.source(sourceName, tableName, owner.packageName);
    if (!found) {
      const why = references.explainSource(sourceName, tableName);
      throw new ProjectError(`${owner.file}: ${owner.name} refers to source('${sourceName}', '${tableName}'), ${why}`);
    }
    needed.add(found.uniqueId);
  }
  return [...needed].sort();
}

/** A model's group must exist, and a private model is read by its own group only. */
function checkGroups(project: Project): void {
  const groupOf = (node: Node): string | null => (typeof node.config.group === "string" ? node.config.group : null);
  const known = new Set([...project.groups.values()].map((group) => group.name));
  for (const node of project.nodes.values()) {
    const group = groupOf(node);
    if (group !== null && !known.has(group))
      throw new ProjectError(
        `${node.patchFile ?? node.file}: ${node.name} is in the group "${group}", which no YAML file declares; declared are ${[...known].join(", ") || "none"}`,
      );
    if (node.resourceType !== "model" && node.resourceType !== "snapshot") continue;
    for (const id of node.dependsOn) {
      const parent = project.nodes.get(id);
      if (parent?.config.access === "private" && (groupOf(parent) !== group || parent.packageName !== node.packageName))
        throw new ProjectError(
          `${node.file}: ${node.name} refers to ref('${parent.name}'), which is private to the group "${groupOf(parent) ?? ""}". Make its access protected, or put ${node.name} into that group`,
        );
    }
  }
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
