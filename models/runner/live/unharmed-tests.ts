import type { DuckDBConnection } from "@duckdb/node-api";
import type { Compiler } from "../compiler.ts";
import { readColumnTest, type ColumnTest } from "../proven-tests.ts";
import type { Node, Project } from "../resources.ts";
import type { ChangedRows } from "./changed-rows.ts";
import { inputRelation } from "./input-relation.ts";
import { isNewColumn } from "./keyed-sql.ts";
import { onlyChangesCanFail } from "./narrow-tests.ts";

export interface UnharmedOptions {
  project: Project;
  changes: ChangedRows;
  /** Tests that found nothing in the last finished build. */
  passed: ReadonlySet<string>;
}

interface Read {
  sql: string;
  test: ColumnTest;
}

/** What the changed rows of one relation say. */
interface Answers {
  /** Of tests that are attached to it: no new version fails by itself, or by a value that was not there. */
  isHarmless(node: Node): boolean;
  /** A column has the values it had, each as often. */
  keepsValues(column: string): boolean;
}

/**
 * Generic tests of one build that passed, and that the changed rows show to pass again without a look at the other rows: no new version is null or not
 * accepted, and where values must be unique or known elsewhere they are the ones that were there before. One question for each relation, whatever is
 * tested of it. The other tests are to be run.
 */
export class UnharmedTests {
  private readonly options: UnharmedOptions;
  private readonly asked = new Map<string, Promise<Answers | null>>();
  private readonly read = new Map<Node, Promise<Read | null>>();
  private readonly attached: ReadonlyMap<string | null | undefined, readonly Node[]>;

  constructor(options: UnharmedOptions) {
    this.options = options;
    const tests = [...options.project.nodes.values()].filter((node) => node.test?.metadata && onlyChangesCanFail(node, options));
    this.attached = Map.groupBy(tests, (node) => node.test?.attachedNode);
  }

  /** Of `nodes` those that still pass, with their SQL. */
  async among(nodes: readonly Node[], compiler: Compiler, connection: DuckDBConnection): Promise<Map<Node, string>> {
    const found = new Map<Node, string>();
    for (const node of nodes) {
      const sql = await this.sqlIfUnharmed(node, compiler, connection);
      if (sql !== null) found.set(node, sql);
    }
    return found;
  }

  private async sqlIfUnharmed(node: Node, compiler: Compiler, connection: DuckDBConnection): Promise<string | null> {
    const { changes, project } = this.options;
    const id = node.test?.attachedNode;
    if (!id || !node.test?.metadata || !onlyChangesCanFail(node, this.options)) return null;
    if (!node.dependsOn.every((other) => project.nodes.has(other))) return null;
    const read = await this.readTest(node, compiler, connection);
    if (!read || read.test.relation !== inputRelation(compiler, id).toText()) return null;
    if (changes.hasChanged(id) && !(await this.answers(id, compiler, connection))?.isHarmless(node)) return null;
    if (read.test.kind === "relationships") {
      const [parent, ...others] = node.dependsOn.filter((other) => other !== id);
      if (parent === undefined || others.length > 0 || read.test.parent !== inputRelation(compiler, parent).toText()) return null;
      const { field } = read.test;
      if (changes.hasChanged(parent) && !(await this.answers(parent, compiler, connection))?.keepsValues(field)) return null;
    }
    return read.sql;
  }

  private readTest(node: Node, compiler: Compiler, connection: DuckDBConnection): Promise<Read | null> {
    let read = this.read.get(node);
    if (!read) {
      read = compiler.compile(node, connection).then(
        (sql) => {
          const test = readColumnTest(sql);
          return test && { sql, test };
        },
        // Compiled once more to be run, it says what is wrong with it.
        () => null,
      );
      this.read.set(node, read);
    }
    return read;
  }

  private answers(id: string, compiler: Compiler, connection: DuckDBConnection): Promise<Answers | null> {
    let answers = this.asked.get(id);
    if (!answers) {
      // What can't be asked like this, the tests' own queries can, or they say why not.
      answers = this.ask(id, compiler, connection).catch(() => null);
      this.asked.set(id, answers);
    }
    return answers;
  }

  private async ask(id: string, compiler: Compiler, connection: DuckDBConnection): Promise<Answers> {
    const conditions = new Map<Node, string>();
    for (const node of this.attached.get(id) ?? []) {
      const read = await this.readTest(node, compiler, connection);
      if (read) conditions.set(node, harmless(read.test));
    }
    const fields = this.fieldsAskedOf(id);
    const distinct = [...new Set([...conditions.values(), ...fields.map(sameValues)])];
    const result = await connection.run(`select ${distinct.join(", ") || "true"} from ${this.options.changes.rowsOf(id)}`);
    const [row = []] = await result.getRowsJS();
    const holds = (condition: string | undefined): boolean => condition !== undefined && row[distinct.indexOf(condition)] === true;
    return { isHarmless: (node) => holds(conditions.get(node)), keepsValues: (column) => holds(sameValues(column)) };
  }

  /** Columns of the relation among whose values others' must be. */
  private fieldsAskedOf(id: string): string[] {
    const others = [...this.attached].flatMap(([attached, tests]) => (attached === id ? [] : tests));
    const asking = others.filter((node) => node.test?.metadata?.name === "relationships" && node.dependsOn.includes(id));
    const fields = asking.map((node) => node.test?.metadata?.kwargs.field);
    return fields.filter((field) => typeof field === "string").filter((field) => /^\w+$/.test(field));
  }
}

/** Whether all changed rows together leave a test of one column as it was; true or false. */
function harmless(test: ColumnTest): string {
  if (test.kind === "not_null") return `count(*) filter (${isNewColumn} and ${test.column} is null) = 0`;
  if (test.kind === "accepted") return `count(*) filter (${isNewColumn} and ${test.column} not in (${test.values})) = 0`;
  return sameValues(test.column);
}

const sameValues = (column: string): string =>
  `list_sort(list(${column}) filter (${isNewColumn})) is not distinct from list_sort(list(${column}) filter (not ${isNewColumn}))`;
