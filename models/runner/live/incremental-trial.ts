import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { createMirror, openWarehouse, parseLsn, readPointer, type Mirror, type SnapshotPointer, type Warehouse } from "@kehu/ingest";
import { createPool, fillDemoCompany, migrate } from "@kehu/operational-api";
import { publicationName } from "@kehu/operational-api/definitions";
import { loadProject } from "../load-project.ts";
import type { Project } from "../resources.ts";
import { runModels } from "../run-models.ts";
import { quoteIdentifier } from "../relation.ts";
import { companyDay } from "./company-day.ts";
import { createLiveBuilder, type LiveBuilder } from "./live-builder.ts";
import { randomEdit, type Random } from "./random-edits.ts";
import { refreshOf } from "./refresh.ts";

const projectDir = join(import.meta.dirname, "../..");
const until = new Date("2026-11-22T02:00:00Z");
const publishWithinMs = 120_000;
/** Each such round falls on another day, whatever the hours of those between. */
const newDayEvery = 4;
/** In this share of the rounds the builder is away while the edits are made. */
const restartShare = 0.15;

export interface TrialOptions {
  /** An empty database that the trial may fill. */
  url: string;
  seed: number;
  rounds: number;
  say: (line: string) => void;
}

/** Mulberry32: the same seed, the same edits. */
const randomFrom = (seed: number): Random => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/**
 * Edits a small demo company at random, by way of the real mirror and live builder, which is stopped and started again now and then. After every round each
 * relation that a build at this time brings up to date must equal, row for row, what a full build into another file makes of the same mirror at the same
 * time: on a new day all of them, else those that nothing hourly or nightly is upstream of. Results of fits are not compared: they say when they were made.
 * Throws at the first difference.
 */
export async function incrementalTrial(options: TrialOptions): Promise<void> {
  const random = randomFrom(options.seed);
  const folder = await mkdtemp(join(tmpdir(), "kehu-incremental-"));
  let now = until;
  const failures: unknown[] = [];
  const logger = { info: () => undefined, warn: () => undefined, error: (fields: object) => void failures.push(fields) };
  await migrate(options.url);
  await fillDemoCompany({ url: options.url, customers: 40, years: 1, until, timezone: "Asia/Shanghai", currency: "CNY" });
  const pool = createPool(options.url);
  const client = await pool.connect();
  // The product never deletes a row, but other ways to its Postgres do: as the owner.
  await client.query("set role none");
  let warehouse: Warehouse | undefined;
  let mirror: Mirror | undefined;
  let builder: LiveBuilder | undefined;
  try {
    warehouse = await openWarehouse({ dir: join(folder, "warehouse") });
    const source = { sourceUrl: options.url, schema: "crm", publication: publicationName, slot: `incremental_${process.pid}` };
    mirror = createMirror({ ...source, warehouse, logger });
    await mirror.start();
    const live = { warehouse, mirror, projectDir, vars: {}, clock: () => now, publishSeconds: 0, logger };
    builder = createLiveBuilder(live);
    await builder.start();
    const target = { name: "kehu", catalog: "warehouse", schema: "main", threads: 1 };
    const project = await loadProject({ projectDir, target, vars: { as_of: now.toISOString() } });
    const zone = String(project.settings.vars.timezone);
    const builtOn = { live: comparable(project, false), newDay: comparable(project, true) };
    const checker = await warehouse.connect();
    await checker.run(`attach '${join(folder, "whole.duckdb")}' as whole`);
    for (let round = 1; round <= options.rounds; round++) {
      const day = companyDay(now, zone);
      const hours = round % newDayEvery === 0 ? 24 : random() * 3;
      now = new Date(now.getTime() + Math.floor(hours * 3_600_000));
      const isNewDay = companyDay(now, zone) !== day;
      const isAway = random() < restartShare;
      if (isAway) await builder.stop();
      const edits = Array.from({ length: 1 + Math.floor(random() * 4) }, () => randomEdit(random, now));
      const statements = edits.map(({ sql }) => sql);
      if (isNewDay) {
        // The clock here runs ahead of the machine's: only a change that models read makes the builder look at it.
        statements.push("update crm.customers set name = name || '日' where deleted_at is null");
        // In one transaction: the first build of the day takes up what hourly models read, and a build after it would leave the rest to the hour.
        await client.query(["begin", ...statements, "commit"].join(";\n"));
      } else for (const statement of statements) await client.query(statement);
      const { rows } = await client.query<{ lsn: string }>("select pg_current_wal_insert_lsn()::text as lsn");
      const lsn = rows[0]?.lsn ?? "";
      if (isAway) {
        await mirror.waitFor(lsn, publishWithinMs);
        builder = createLiveBuilder(live);
        await builder.start();
      }
      const pointer = await published(warehouse.dir, lsn, failures);
      const compared = await compare(checker, now, isNewDay ? builtOn.newDay : builtOn.live);
      // An error that did not keep the build from publishing is a difference that the builder found by itself.
      if (failures.length > 0) throw new Error(`the live build reported ${JSON.stringify(failures[0])}`);
      const occasion = `${isNewDay ? "a new day, " : ""}${isAway ? "the builder away, " : ""}`;
      options.say(
        `round ${round}: ${occasion}${edits.map(({ what }) => what).join(", ")}; ${pointer.changed.length} marts and reports changed, ${compared} relations equal`,
      );
    }
  } finally {
    await builder?.stop();
    await mirror?.stop();
    warehouse?.close();
    client.release(true);
    await pool.end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function published(dir: string, lsn: string, failures: readonly unknown[]): Promise<SnapshotPointer> {
  const deadline = performance.now() + publishWithinMs;
  for (;;) {
    const pointer = await readPointer(dir);
    if (pointer && parseLsn(pointer.lsn) >= parseLsn(lsn)) return pointer;
    if (failures.length > 0) throw new Error(`the live build failed: ${JSON.stringify(failures[0])}`);
    if (performance.now() > deadline) throw new Error(`nothing was published that states ${lsn}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Unique ids of the models that a build keeps up to date: on a new day all but those that fits lead to. */
function comparable(project: Project, isNewDay: boolean): Set<string> {
  const known = new Map<string, boolean>();
  const isKept = (id: string): boolean => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const node = project.nodes.get(id);
    const kept = node
      ? (isNewDay || refreshOf(node) === "live") && node.dependsOn.every(isKept)
      : project.sources.get(id)?.config.meta.fit === undefined;
    known.set(id, kept);
    return kept;
  };
  return new Set([...project.nodes.keys()].filter(isKept));
}

/** Builds everything in the catalog `whole` and compares some of it with the catalog `warehouse`. Returns how many relations. */
async function compare(connection: DuckDBConnection, asOf: Date, ids: ReadonlySet<string>): Promise<number> {
  const summary = await runModels({
    command: "build",
    projectDir,
    connection,
    catalog: "whole",
    vars: { as_of: asOf.toISOString() },
    exclude: ["resource_type:test", "resource_type:unit_test"],
    targetPath: null,
  });
  const failed = summary.results.find(({ status }) => status !== "success");
  if (summary.error !== null || failed) throw new Error(`the full build failed: ${summary.error ?? failed?.message}`);
  const built = summary.nodes.filter((node) => node.config.materialized !== "ephemeral" && ids.has(node.uniqueId));
  for (const { schema, alias } of built) {
    const [live, whole] = ["warehouse", "whole"].map((catalog) => [catalog, schema, alias].map(quoteIdentifier).join("."));
    const result = await connection.run(`
      select 'only in the live build' as side, kehu_row from (from ${live} except all from ${whole}) as kehu_row
      union all select 'only in the full build', kehu_row from (from ${whole} except all from ${live}) as kehu_row
      limit 4`);
    const rows = await result.getRowObjectsJson();
    if (rows.length > 0)
      throw new Error(`${schema}.${alias} differs from a full build:\n${rows.map((row) => JSON.stringify(row)).join("\n")}`);
  }
  return built.length;
}
