import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { createMirror, openWarehouse, parseLsn, readPointer, type Mirror, type SnapshotPointer, type Warehouse } from "@kehu/ingest";
import { createPool, fillDemoCompany, migrate, publicationName } from "@kehu/operational-api";
import { runModels } from "../run-models.ts";
import { quoteIdentifier } from "../relation.ts";
import { createLiveBuilder, type LiveBuilder } from "./live-builder.ts";
import { randomEdit, type Random } from "./random-edits.ts";

const projectDir = join(import.meta.dirname, "../..");
const until = new Date("2026-11-22T02:00:00Z");
const publishWithinMs = 60_000;

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
 * Edits a small demo company at random, by way of the real mirror and live builder. After every round each relation of the live warehouse must equal,
 * row for row, what a full build into another file makes of the same mirror at the same time. Throws at the first difference.
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
    builder = createLiveBuilder({ warehouse, mirror, projectDir, vars: {}, clock: () => now, publishSeconds: 0, logger });
    await builder.start();
    const checker = await warehouse.connect();
    await checker.run(`attach '${join(folder, "whole.duckdb")}' as whole`);
    for (let round = 1; round <= options.rounds; round++) {
      // Mostly within a day; now and then over midnight.
      now = new Date(now.getTime() + Math.floor(random() * 3 * 3_600_000));
      const edits: string[] = [];
      const count = 1 + Math.floor(random() * 4);
      for (let index = 0; index < count; index++) {
        const edit = randomEdit(random, now);
        edits.push(edit.what);
        await client.query(edit.sql);
      }
      const { rows } = await client.query<{ lsn: string }>("select pg_current_wal_insert_lsn()::text as lsn");
      const pointer = await published(warehouse.dir, rows[0]?.lsn ?? "", failures);
      await compare(checker, now);
      options.say(`round ${round}: ${edits.join(", ")}; rebuilt ${pointer.changed.length} marts and reports, all equal`);
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

/** Builds everything in the catalog `whole` and compares it with the catalog `warehouse`. */
async function compare(connection: DuckDBConnection, asOf: Date): Promise<void> {
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
  const built = summary.nodes.filter((node) => node.config.materialized !== "ephemeral");
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
}
