import { sourceRelation, type Compiler } from "../compiler.ts";
import type { Relation } from "../relation.ts";

/** The relation of a node or a source. */
export function inputRelation(compiler: Compiler, id: string): Relation {
  const node = compiler.project.nodes.get(id);
  if (node) return compiler.relationOf(node);
  const source = compiler.project.sources.get(id);
  if (!source) throw new Error(`there is no node ${id}`);
  return sourceRelation(source);
}
