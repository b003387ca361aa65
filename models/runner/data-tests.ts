import type { DuckDBConnection } from "@duckdb/node-api";
import type { Compiler } from "./compiler.ts";
import { NodeError } from "./errors.ts";
import { provenEmpty } from "./proven-tests.ts";
import type { Node } from "./resources.ts";

export interface TestOutcome {
  status: "pass" | "fail" | "warn" | "error";
  failures: number | null;
  message: string | null;
  compiledCode: string | null;
}

interface Compiled {
  node: Node;
  sql: string;
}

/** Of a test that passes without rows, when it is known to give none. */
export const passUnasked = (test: Compiled): TestOutcome => judge(test, 0, false, false);

/** Runs tests of the same relations together; when that fails, one by one, so that the guilty test is named. */
export async function runDataTests(
  nodes: readonly Node[],
  compiler: Pick<Compiler, "compile">,
  connection: DuckDBConnection,
): Promise<Map<string, TestOutcome>> {
  const outcomes = new Map<string, TestOutcome>();
  const compiled: Compiled[] = [];
  for (const node of nodes) {
    try {
      compiled.push({ node, sql: await compiler.compile(node, connection) });
    } catch (error) {
      outcomes.set(node.uniqueId, { status: "error", failures: null, message: messageOf(error), compiledCode: null });
    }
  }
  const passed = await findPassed(compiled, connection);
  for (const test of passed) outcomes.set(test.node.uniqueId, passUnasked(test));
  const left = compiled.filter((test) => !passed.includes(test));
  if (left.length === 0) return outcomes;
  try {
    for (const [id, outcome] of await runTogether(left, connection)) outcomes.set(id, outcome);
  } catch (error) {
    const [only] = left;
    if (left.length === 1 && only) {
      outcomes.set(only.node.uniqueId, { status: "error", failures: null, message: messageOf(error), compiledCode: only.sql });
      return outcomes;
    }
    for (const one of left) {
      try {
        for (const [id, outcome] of await runTogether([one], connection)) outcomes.set(id, outcome);
      } catch (cause) {
        outcomes.set(one.node.uniqueId, { status: "error", failures: null, message: messageOf(cause), compiledCode: one.sql });
      }
    }
  }
  return outcomes;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Nothing of its own says what is counted, of how many rows, or from how many on they matter: no row is a pass. */
export const passesWithoutRows = ({ config }: Node): boolean =>
  [config.fail_calc, config.limit, config.warn_if, config.error_if].every((own) => own === undefined || own === null);

/** Those that a common scan shows to have no failure. */
async function findPassed(tests: readonly Compiled[], connection: DuckDBConnection): Promise<Compiled[]> {
  const usual = tests.filter(({ node }) => passesWithoutRows(node));
  try {
    const proven = await provenEmpty(
      usual.map(({ sql }) => sql),
      connection,
    );
    return usual.filter(({ sql }) => proven.has(sql));
  } catch {
    // The tests' own queries fail too, and say which of them is to blame.
    return [];
  }
}

function testQuery({ node, sql }: Compiled, index: number): string {
  const { config } = node;
  const calculation = typeof config.fail_calc === "string" ? config.fail_calc : "count(*)";
  const limit = config.limit === undefined || config.limit === null ? "" : `\nlimit ${Number(config.limit)}`;
  const warnIf = typeof config.warn_if === "string" ? config.warn_if : "!= 0";
  const errorIf = typeof config.error_if === "string" ? config.error_if : "!= 0";
  return `select ${index} as position, coalesce(${calculation}, 0) as failures, coalesce(${calculation}, 0) ${warnIf} as should_warn, coalesce(${calculation}, 0) ${errorIf} as should_error
from (select * from (\n${sql.replace(/;\s*$/, "")}\n) as dbt_internal_rows${limit}) as dbt_internal_test`;
}

async function runTogether(tests: readonly Compiled[], connection: DuckDBConnection): Promise<Map<string, TestOutcome>> {
  const sql = tests.map((test, index) => testQuery(test, index)).join("\nunion all\n");
  const result = await connection.run(sql).catch((cause: unknown) => {
    throw new NodeError(messageOf(cause), sql, cause);
  });
  const outcomes = new Map<string, TestOutcome>();
  for (const [position, failures, shouldWarn, shouldError] of await result.getRowsJS()) {
    const test = tests[Number(position)];
    if (test) outcomes.set(test.node.uniqueId, judge(test, Number(failures), shouldWarn === true, shouldError === true));
  }
  return outcomes;
}

function judge({ node, sql }: Compiled, failures: number, shouldWarn: boolean, shouldError: boolean): TestOutcome {
  const severity = typeof node.config.severity === "string" ? node.config.severity.toLowerCase() : "error";
  const rows = `Got ${failures} result${failures === 1 ? "" : "s"}, configured to`;
  if (severity === "error" && shouldError) {
    return { status: "fail", failures, message: `${rows} fail if ${String(node.config.error_if ?? "!= 0")}`, compiledCode: sql };
  }
  if (shouldWarn)
    return { status: "warn", failures, message: `${rows} warn if ${String(node.config.warn_if ?? "!= 0")}`, compiledCode: sql };
  return { status: "pass", failures, message: null, compiledCode: sql };
}
