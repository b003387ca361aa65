import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createMirror, openWarehouse, parseLsn } from "@kehu/ingest";
import { createLiveBuilder, type LiveBuilder } from "@kehu/models";
import { createPool, fillDemoCompany, migrate, publicationName, startPostgres } from "@kehu/operational-api";

const projectDir = join(import.meta.dirname, "../../models");
const until = new Date("2026-11-22T02:00:00Z");
/** Demo companies with ten order lines for each customer: a tenth of a million lines, a million, ten millions. */
const sizes = [10_000, 100_000, 1_000_000];
const linesPerCustomer = 10;
/** DuckDB keeps to its part of this, what is over is spilled; Node, the threads' stacks and what DuckDB does not count take the rest. */
const memoryBytes = 8 * 2 ** 30;
const duckdbMemory = "6GiB";
/** Snapshots are as large as the warehouse: those that are served and compared stay, not a day's. */
const keep = { last: 2, hours: 0, days: 0 };
/** The product's default. */
const publishSeconds = 2;
/** Writes that go on while builds and publishes run, each measured until a published snapshot has it. */
const writes = 40;
const writeEveryMs = 4_000;
const publishedWithinMs = 30_000;

type Pool = ReturnType<typeof createPool>;

interface Measured {
  customers: number;
  lines: number;
  fillSeconds: number;
  mirrorSeconds: number;
  buildSeconds: number;
  /** What all threads together worked for the build: it says more than its duration where other work has a part of the machine. */
  processorSeconds: number;
  /** Of this process up to the end of the build, which is the peak of the largest size so far. */
  peakBytes: number;
  /** From the commit of a write to the publish that has it, of 40 writes; milliseconds. */
  publishedMs: { p50: number; p95: number; most: number };
  /** Whether the disk had room for an earlier snapshot, whose file could be taken. */
  hasRoom: boolean;
}

/**
 * Companies of growing size, each mirrored and built whole within 8 GiB, then written to; `rounds` is the number of sizes. Throws when a build fails or takes
 * more memory, and when the changes of one are not published in time.
 */
export async function scaleTrial({ rounds, say }: { rounds: number; say: (line: string) => void }): Promise<void> {
  if (rounds > sizes.length)
    throw new Error(`scale knows ${sizes.length} sizes (${sizes.join(", ")} customers), --rounds asks for ${rounds}`);
  const rows: Measured[] = [];
  say(
    "customers\torder lines\tdemo s\tmirror s\tbuild s\tbuild processor s\tpeak MiB\tchange to publish ms (p50)\t(p95)\t(most)\tprocessor seconds grow as customers to the power of",
  );
  for (const customers of sizes.slice(0, rounds)) {
    const row = await measure(customers, say);
    const before = rows.at(-1);
    rows.push(row);
    const growth = before ? Math.log(row.processorSeconds / before.processorSeconds) / Math.log(row.customers / before.customers) : null;
    const seconds = [row.fillSeconds, row.mirrorSeconds, row.buildSeconds, row.processorSeconds].map((value) => value.toFixed(1));
    const published = Object.values(row.publishedMs).map((ms) => Math.round(ms));
    say([row.customers, row.lines, ...seconds, Math.ceil(row.peakBytes / 2 ** 20), ...published, growth?.toFixed(2) ?? ""].join("\t"));
    if (row.peakBytes > memoryBytes)
      throw new Error(`${customers} customers took ${row.peakBytes} bytes of memory, more than ${memoryBytes}`);
    if (!row.hasRoom)
      say(
        `${customers} customers: less than a tenth of the disk was free, so that one snapshot was kept and every publish was a whole copy`,
      );
    else if (row.publishedMs.p95 > publishedWithinMs)
      throw new Error(
        `${customers} customers: a change was published after ${row.publishedMs.p95} ms (p95), later than ${publishedWithinMs}`,
      );
  }
}

async function measure(customers: number, say: (line: string) => void): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "kehu-prove-scale-"));
  const postgres = await startPostgres({ dataDir: join(folder, "data") });
  const pool = createPool(postgres.url);
  const warehouse = await openWarehouse({ dir: join(folder, "warehouse"), memoryLimit: duckdbMemory });
  const failures: unknown[] = [];
  const logger = { info: () => undefined, warn: () => undefined, error: (fields: object) => void failures.push(fields) };
  const source = { sourceUrl: postgres.url, schema: "crm", publication: publicationName, slot: "kehu_scale" };
  const mirror = createMirror({ ...source, warehouse, logger });
  const builder = createLiveBuilder({ warehouse, mirror, projectDir, vars: {}, clock: () => until, publishSeconds, keep, logger });
  try {
    await migrate(postgres.url);
    const company = { url: postgres.url, customers, linesPerCustomer, years: 3, until, timezone: "Asia/Shanghai", currency: "CNY" };
    const fillSeconds = await secondsOf(() => fillDemoCompany(company));
    say(`${customers} customers: made in ${fillSeconds.toFixed(1)} s`);
    const mirrorSeconds = await secondsOf(() => mirror.start());
    say(`${customers} customers: mirrored in ${mirrorSeconds.toFixed(1)} s`);
    const before = process.cpuUsage();
    const buildSeconds = await secondsOf(() => builder.start());
    const { user, system } = process.cpuUsage(before);
    const processorSeconds = (user + system) / 1e6;
    if (failures.length > 0) throw new Error(`${customers} customers: the build reported ${JSON.stringify(failures[0])}`);
    const { rows } = await pool.query<{ lines: number }>("select count(*)::int as lines from crm.order_lines");
    const peakBytes = process.resourceUsage().maxRSS * 1024;
    say(`${customers} customers: built in ${buildSeconds.toFixed(1)} s, ${Math.ceil(peakBytes / 2 ** 20)} MiB; now ${writes} writes`);
    const publishedMs = await untilPublished(pool, builder);
    const snapshots = (await readdir(join(folder, "warehouse/snapshots"))).filter((name) => name.endsWith(".duckdb"));
    if (failures.length > 0) throw new Error(`${customers} customers: a build after a change reported ${JSON.stringify(failures[0])}`);
    return {
      customers,
      lines: rows[0]?.lines ?? 0,
      fillSeconds,
      mirrorSeconds,
      buildSeconds,
      processorSeconds,
      peakBytes,
      publishedMs,
      hasRoom: snapshots.length > 1,
    };
  } finally {
    await builder.stop();
    await mirror.stop();
    warehouse.close();
    await pool.end();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What people write one at a time, in turn. */
const changes = [
  { table: "order_lines", sql: "update crm.order_lines set amount = amount + 0.01 where id = $1" },
  {
    table: "receipts",
    sql: `insert into crm.receipts (number, customer_id, owner_id, department_id, received_at, amount, currency)
      select 'SCALE-' || number, customer_id, owner_id, department_id, received_at, 12.34, currency from crm.receipts where id = $1`,
  },
  { table: "opportunities", sql: "update crm.opportunities set amount = amount + 1 where id = $1" },
  { table: "customers", sql: "update crm.customers set name = name || '+' where id = $1" },
];

/** Records from all over the table, one for each turn of its change. */
async function someOf(pool: Pool, table: string): Promise<string[]> {
  const turns = Math.ceil((writes + 1) / changes.length);
  const { rows } = await pool.query<{ id: string }>(
    `select id from crm.${table} where row_key % greatest((select count(*) from crm.${table}) / ${turns + 1}, 1) = 0 limit ${turns}`,
  );
  if (rows.length < turns) throw new Error(`${table} has ${rows.length} records to change, not ${turns}`);
  return rows.map(({ id }) => id);
}

/** Writes at a steady pace, whatever builds and publishes are under way, and waits for the snapshot that has each of them. */
async function untilPublished(pool: Pool, builder: LiveBuilder): Promise<Measured["publishedMs"]> {
  const waiting: { lsn: bigint; at: number; done: (ms: number) => void; fail: (error: unknown) => void }[] = [];
  const ends = [
    builder.onPublished((pointer) => {
      const has = parseLsn(pointer.lsn);
      while (waiting[0] && waiting[0].lsn <= has) {
        const { at, done } = waiting.shift()!;
        done(performance.now() - at);
      }
    }),
    builder.onFailed((error) => {
      for (const { fail } of waiting.splice(0)) fail(error);
    }),
  ];
  const records = await Promise.all(changes.map(({ table }) => someOf(pool, table)));
  /** Resolves when it is committed: `published` does when a snapshot has it, to the milliseconds since. */
  async function write(run: number): Promise<{ published: Promise<number> }> {
    const turn = run % changes.length;
    await pool.query(changes[turn]!.sql, [records[turn]![Math.floor(run / changes.length)]]);
    const at = performance.now();
    const { rows } = await pool.query<{ lsn: string }>("select pg_current_wal_lsn()::text as lsn");
    return { published: new Promise((done, fail) => waiting.push({ lsn: parseLsn(rows[0]!.lsn), at, done, fail })) };
  }
  try {
    // The second snapshot of all is a whole copy, as there is none whose file may be taken.
    await (
      await write(0)
    ).published;
    const waits: Promise<number>[] = [];
    for (let run = 1; run <= writes; run++) {
      waits.push((await write(run)).published);
      await delay(writeEveryMs);
    }
    const sorted = (await Promise.all(waits)).toSorted((one, other) => one - other);
    const share = (of: number): number => sorted[Math.ceil(of * sorted.length) - 1]!;
    return { p50: share(0.5), p95: share(0.95), most: share(1) };
  } finally {
    for (const end of ends) end();
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
