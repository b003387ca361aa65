import type { DuckDBConnection } from "@duckdb/node-api";
import { Relation } from "../relation.ts";
import type { Node, Project } from "../resources.ts";

/** Which relations came out of a build other than they were: what reads only the same rows again need not be built again. */
export class BuiltContent {
  private readonly digests = new Map<string, string>();
  private readonly changed = new Set<string>();
  private readonly project: Project;

  constructor(project: Project) {
    this.project = project;
  }

  /** Before each build. */
  begin(): void {
    this.changed.clear();
  }

  /** After a failed build: nothing downstream of what it changed is known to be up to date. */
  forget(): void {
    this.digests.clear();
  }

  /** Compares a relation that was just built with what it was; the first time it counts as changed. */
  async record(node: Node, connection: DuckDBConnection): Promise<void> {
    const relation = new Relation({ database: node.database, schema: node.schema, identifier: node.alias });
    // Rows in any order; columns by name, position and type.
    const result = await connection.run(
      `select count(*), sum(cast(hash(kehu_row) as hugeint)), (select string_agg(column_name || column_type, ',') from (describe ${relation.toText()})) from ${relation.toText()} as kehu_row`,
    );
    const digest = JSON.stringify((await result.getRowsJS())[0]?.map(String));
    if (this.digests.get(node.uniqueId) !== digest) this.changed.add(node.uniqueId);
    this.digests.set(node.uniqueId, digest);
  }

  /** Ephemeral models are what they read. */
  hasChanged(id: string): boolean {
    const node = this.project.nodes.get(id);
    return node?.config.materialized === "ephemeral" ? node.dependsOn.some((parent) => this.hasChanged(parent)) : this.changed.has(id);
  }
}
