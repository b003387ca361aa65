import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { runModels, type RunSummary } from "../../models/runner/run-models.ts";

export interface ProjectTrial {
  /** Folder of any dbt project that builds on DuckDB, its packages laid in. */
  projectDir: string;
  /** A DuckDB file with the project's sources; it is copied, not changed. */
  database?: string | undefined;
  vars?: Record<string, unknown>;
  say: (line: string) => void;
}

/** The parts of manifest.json that are needed to run the compiled SQL by hand. */
interface ManifestNode {
  unique_id: string;
  resource_type: string;
  name: string;
  schema: string;
  alias: string;
  relation_name: string | null;
  compiled_path?: string;
  compiled_code?: string;
  config: Record<string, unknown>;
  depends_on: { nodes?: string[] };
}

const catalog = "trial";
const built = "built";
const snapshotColumns = ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted"];
const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Builds a dbt project with the runner, then runs the SQL it left in target/compiled by hand, in the order of the graph, in a second file, and compares every relation row for row and every test's count of failures.
 * Seeds are taken over as they were built. Raises when anything differs.
 */
export async function compiledByHandTrial(trial: ProjectTrial): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kehu-prove-dbt-"));
  try {
    const files = { ours: join(folder, "ours", `${catalog}.duckdb`), hand: join(folder, "hand", `${catalog}.duckdb`) };
    for (const [side, file] of Object.entries(files)) {
      await mkdir(join(folder, side));
      if (trial.database !== undefined) await copyFile(trial.database, file);
    }
    const targetPath = join(folder, "target");
    const rows = join(folder, `${built}.duckdb`);
    const summary = await inFile(files.ours, (connection) => build(trial, targetPath, rows, connection));
    await inFile(files.hand, async (connection) => {
      await connection.run(`attach '${rows}' as ${built} (read_only)`);
      await compareAll(summary, targetPath, connection, trial.say);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One thread, so that sums of floats and rows without an order come out the same on both sides. */
async function inFile<T>(file: string, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(file, { threads: "1" });
  const connection = await instance.connect();
  try {
    await connection.run("set TimeZone = 'UTC'");
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Builds, and keeps the rows of every relation as a table: a view read from another file would read that file's tables. */
async function build(trial: ProjectTrial, targetPath: string, rows: string, connection: DuckDBConnection): Promise<RunSummary> {
  const summary = await runModels({
    command: "build",
    projectDir: resolve(trial.projectDir),
    connection,
    catalog,
    targetPath,
    vars: trial.vars ?? {},
  });
  if (summary.error !== null) throw new Error(summary.error);
  await connection.run(`attach '${rows}' as ${built}`);
  for (const [schema, name] of await relationsOf(connection, catalog)) {
    await connection.run(`create schema if not exists ${built}.${quote(schema)}`);
    await connection.run(
      `create table ${built}.${quote(schema)}.${quote(name)} as select * from ${catalog}.${quote(schema)}.${quote(name)}`,
    );
  }
  await connection.run(`detach ${built}`);
  return summary;
}

async function relationsOf(connection: DuckDBConnection, database: string): Promise<[string, string][]> {
  const result = await connection.run(
    `select schema_name, table_name from duckdb_tables() where database_name = '${database}' and not internal
union all select schema_name, view_name from duckdb_views() where database_name = '${database}' and not internal order by all`,
  );
  return (await result.getRowsJS()).map((row): [string, string] => [String(row[0]), String(row[1])]);
}

async function compareAll(summary: RunSummary, targetPath: string, connection: DuckDBConnection, say: ProjectTrial["say"]): Promise<void> {
  const manifest: { nodes: Record<string, ManifestNode> } = JSON.parse(await readFile(join(targetPath, "manifest.json"), "utf8"));
  const there = new Set((await relationsOf(connection, built)).map(([schema, name]) => `${schema}.${name}`));
  const counts = { relations: 0, rows: 0n, tests: 0, volatile: 0, seeds: 0 };
  const wrong: string[] = [];
  const status = new Map(summary.results.map((result) => [result.uniqueId, result]));
  for (const node of inGraphOrder(manifest.nodes)) {
    const result = status.get(node.unique_id);
    if (!result || node.config.materialized === "ephemeral") continue;
    if (result.status === "error" || result.status === "skipped") {
      wrong.push(`${node.unique_id}: ${result.status}: ${result.message ?? ""}`);
      continue;
    }
    const hand = new ByHand(node, targetPath, connection);
    if (node.resource_type === "test") {
      const { failures, outcome } = await hand.outcome();
      counts.tests++;
      // dbt reports no failures of a test that passes, also where its thresholds let some through.
      if (outcome !== result.status || (outcome !== "pass" && failures !== result.failures))
        wrong.push(`${node.unique_id}: ${result.status} with ${result.failures} failures, by hand ${outcome} with ${failures}`);
    } else if (!there.has(`${node.schema}.${node.alias}`)) {
      say(`${node.unique_id} is not in the target after the build (a hook dropped it?): not compared`);
    } else if (node.resource_type === "seed") {
      counts.seeds++;
      await hand.takeOver();
    } else {
      const difference = await hand.difference();
      counts.relations++;
      counts.rows += difference.rows;
      if (difference.isVolatile) counts.volatile++;
      if (difference.isVolatile) say(`${node.unique_id} gives other rows each time its SQL runs: not compared`);
      else if (difference.different > 0n) wrong.push(`${node.unique_id}: ${difference.different} rows differ`);
    }
  }
  say(
    `${counts.relations} models and snapshots (${counts.volatile} volatile) with ${counts.rows} rows and ${counts.tests} tests compared, ${counts.seeds} seeds taken over`,
  );
  if (wrong.length > 0) throw new Error(`the build and its compiled SQL differ:\n${wrong.join("\n")}`);
}

/** Parents first. */
function inGraphOrder(nodes: Record<string, ManifestNode>): ManifestNode[] {
  const ordered = new Map<string, ManifestNode>();
  const visit = (id: string): void => {
    const node = nodes[id];
    if (!node || ordered.has(id)) return;
    for (const parent of node.depends_on.nodes ?? []) visit(parent);
    ordered.set(id, node);
  };
  for (const id of Object.keys(nodes)) visit(id);
  return [...ordered.values()];
}

/** One node of the graph, run without the runner. */
class ByHand {
  private readonly node: ManifestNode;
  private readonly targetPath: string;
  private readonly connection: DuckDBConnection;
  private readonly relation: string;
  private readonly ours: string;

  constructor(node: ManifestNode, targetPath: string, connection: DuckDBConnection) {
    this.node = node;
    this.targetPath = targetPath;
    this.connection = connection;
    this.relation = `${catalog}.${quote(node.schema)}.${quote(node.alias)}`;
    this.ours = `${built}.${quote(node.schema)}.${quote(node.alias)}`;
  }

  async takeOver(): Promise<void> {
    await this.create("table", `select * from ${this.ours}`);
  }

  /** What dbt makes of the rows a test finds: `error_if` counts at severity error, then `warn_if`. */
  async outcome(): Promise<{ failures: number; outcome: "pass" | "warn" | "fail" }> {
    const { config } = this.node;
    const limit = typeof config.limit === "number" ? ` limit ${config.limit}` : "";
    const sql = `select ${String(config.fail_calc ?? "count(*)")} as failures from (${await this.sql()}${limit})`;
    const result = await this.connection.run(
      `select failures, failures ${String(config.error_if ?? "!= 0")} as is_error, failures ${String(config.warn_if ?? "!= 0")} as is_warning from (${sql})`,
    );
    const [[failures, isError, isWarning] = []] = await result.getRowsJS();
    const mayFail = String(config.severity ?? "error").toLowerCase() === "error";
    return { failures: Number(failures), outcome: mayFail && isError === true ? "fail" : isWarning === true ? "warn" : "pass" };
  }

  async difference(): Promise<{ rows: bigint; different: bigint; isVolatile: boolean }> {
    const sql = await this.sql();
    await this.create(this.node.config.materialized === "view" ? "view" : "table", sql);
    const ours =
      this.node.resource_type === "snapshot"
        ? `select columns(c -> c not in (${snapshotColumns.map((name) => `'${name}'`).join(", ")}))`
        : "select *";
    const different = await this.distance(`${ours} from ${this.ours}`, `select * from ${this.relation}`);
    const isVolatile = different > 0n && (await this.changesByItself(sql));
    const rows = BigInt(String(await this.value(`select count(*) from ${this.relation}`)));
    // What reads a snapshot's own columns, or rows that change by themselves, goes on with those of the build.
    if (isVolatile || this.node.resource_type === "snapshot") await this.takeOver();
    return { rows, different, isVolatile };
  }

  /** Two statements, since the clock stands still within one. */
  private async changesByItself(sql: string): Promise<boolean> {
    await this.connection.run(`create or replace temp table before as (\n${sql}\n)`);
    return (await this.distance("select * from temp.before", sql)) > 0n;
  }

  /** Rows that one of two queries has and the other has not, counting duplicates. */
  private async distance(one: string, other: string): Promise<bigint> {
    const sql = `with one as (${one}), other as (${other}) select (select count(*) from (from one except all from other)) + (select count(*) from (from other except all from one)) as rows`;
    return BigInt(String(await this.value(sql)));
  }

  private async create(kind: "table" | "view", sql: string): Promise<void> {
    await this.connection.run(`create schema if not exists ${catalog}.${quote(this.node.schema)}`);
    for (const other of ["table", "view"])
      await this.connection.run(`drop ${other} if exists ${this.relation}`).catch((error: unknown) => {
        // `drop table` refuses a view, and the other way round: then the other one does it.
        if (!String(error).includes("is of type")) throw error;
      });
    await this.connection.run(`create ${kind} ${this.relation} as (\n${sql}\n)`);
  }

  private async sql(): Promise<string> {
    const { resource_type: type, compiled_path: path = "", compiled_code: code = "" } = this.node;
    // dbt's file names of tests leave out what is no word, so that two tests may share one.
    const text = type === "test" ? code : await readFile(join(this.targetPath, path.slice(path.indexOf("compiled/"))), "utf8");
    return text.replace(/;\s*$/, "\n");
  }

  private async value(sql: string): Promise<unknown> {
    const [row] = await (await this.connection.run(sql)).getRowsJS();
    return row?.[0];
  }
}
