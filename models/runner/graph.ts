import { ProjectError } from "./errors.ts";
import type { Node } from "./resources.ts";

/** Raises with the ring written out, `a -> b -> a`, when nodes depend on themselves. */
export function assertAcyclic(nodes: ReadonlyMap<string, Node>): void {
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (id: string): void => {
    const at = path.indexOf(id);
    if (at >= 0) {
      const ring = [...path.slice(at), id].map((member) => nodes.get(member)?.name ?? member);
      throw new ProjectError(`models depend on each other in a ring: ${ring.join(" -> ")}`);
    }
    if (finished.has(id)) return;
    path.push(id);
    for (const parent of nodes.get(id)?.dependsOn ?? []) visit(parent);
    path.pop();
    finished.add(id);
  };
  for (const id of nodes.keys()) visit(id);
}

/** Who depends on whom, both ways. */
export class Graph {
  private readonly parentIds = new Map<string, string[]>();
  private readonly childIds = new Map<string, string[]>();

  constructor(nodes: Iterable<{ uniqueId: string; dependsOn: string[] }>) {
    for (const node of nodes) {
      this.parentIds.set(node.uniqueId, node.dependsOn);
      for (const parent of node.dependsOn) {
        const children = this.childIds.get(parent);
        if (children) children.push(node.uniqueId);
        else this.childIds.set(parent, [node.uniqueId]);
      }
    }
  }

  parents(id: string): readonly string[] {
    return this.parentIds.get(id) ?? [];
  }

  children(id: string): readonly string[] {
    return this.childIds.get(id) ?? [];
  }

  ancestors(id: string, levels = Number.POSITIVE_INFINITY): Set<string> {
    return this.reach(id, levels, (member) => this.parents(member));
  }

  descendants(id: string, levels = Number.POSITIVE_INFINITY): Set<string> {
    return this.reach(id, levels, (member) => this.children(member));
  }

  private reach(id: string, levels: number, next: (member: string) => readonly string[]): Set<string> {
    const reached = new Set<string>();
    let frontier = [id];
    for (let level = 0; level < levels && frontier.length > 0; level++) {
      frontier = frontier.flatMap(next).filter((member) => member !== id && !reached.has(member));
      for (const member of frontier) reached.add(member);
      frontier = [...new Set(frontier)];
    }
    return reached;
  }
}
