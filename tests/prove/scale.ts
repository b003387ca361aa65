import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMirror, openWarehouse } from "@kehu/ingest";
import { createLiveBuilder } from "@kehu/models";
import { createPool, fillDemoCompany, migrate, publicationName, startPostgres } from "@kehu/operational-api";

const projectDir = join(import.meta.dirname, "../../models");
const until = new Date("2026-11-22T02:00:00Z");
/** Demo companies with ten order lines for each customer: a tenth of a million lines, a million, ten millions. */
const sizes = [10_000, 100_000, 1_000_000];
const linesPerCustomer = 10;
/** DuckDB keeps to its part of this, what is over is spilled; Node, the threads' stacks and what DuckDB does not count take the rest. */
const memoryBytes = 8 * 2 ** 30;
const duckdbMemory = "6GiB";

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
}

/** Companies of growing size, each mirrored and built whole within 8 GiB; `rounds` is the number of sizes. Throws when a build fails or takes more memory. */
export async function scaleTrial({ rounds, say }: { rounds: number; say: (line: string) => void }): Promise<void> {
  if (rounds > sizes.length)
    throw new Error(`scale knows ${sizes.length} sizes (${sizes.join(", ")} customers), --rounds asks for ${rounds}`);
  const rows: Measured[] = [];
  say(
    "customers\torder lines\tdemo s\tmirror s\tbuild s\tbuild processor s\tpeak MiB\tprocessor seconds grow as customers to the power of",
  );
  for (const customers of sizes.slice(0, rounds)) {
    const row = await measure(customers);
    const before = rows.at(-1);
    rows.push(row);
    const growth = before ? Math.log(row.processorSeconds / before.processorSeconds) / Math.log(row.customers / before.customers) : null;
    const seconds = [row.fillSeconds, row.mirrorSeconds, row.buildSeconds, row.processorSeconds].map((value) => value.toFixed(1));
    say([row.customers, row.lines, ...seconds, Math.ceil(row.peakBytes / 2 ** 20), growth?.toFixed(2) ?? ""].join("\t"));
    if (row.peakBytes > memoryBytes)
      throw new Error(`${customers} customers took ${row.peakBytes} bytes of memory, more than ${memoryBytes}`);
  }
}

async function measure(customers: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "kehu-prove-scale-"));
  const postgres = await startPostgres({ dataDir: join(folder, "data") });
  const pool = createPool(postgres.url);
  const warehouse = await openWarehouse({ dir: join(folder, "warehouse"), memoryLimit: duckdbMemory });
  const failures: unknown[] = [];
  const logger = { info: () => undefined, warn: () => undefined, error: (fields: object) => void failures.push(fields) };
  const source = { sourceUrl: postgres.url, schema: "crm", publication: publicationName, slot: "kehu_scale" };
  const mirror = createMirror({ ...source, warehouse, logger });
  const builder = createLiveBuilder({ warehouse, mirror, projectDir, vars: {}, clock: () => until, publishSeconds: 0, logger });
  try {
    await migrate(postgres.url);
    const company = { url: postgres.url, customers, linesPerCustomer, years: 3, until, timezone: "Asia/Shanghai", currency: "CNY" };
    const fillSeconds = await secondsOf(() => fillDemoCompany(company));
    const mirrorSeconds = await secondsOf(() => mirror.start());
    const before = process.cpuUsage();
    const buildSeconds = await secondsOf(() => builder.start());
    const { user, system } = process.cpuUsage(before);
    const processorSeconds = (user + system) / 1e6;
    if (failures.length > 0) throw new Error(`${customers} customers: the build reported ${JSON.stringify(failures[0])}`);
    const { rows } = await pool.query<{ lines: number }>("select count(*)::int as lines from crm.order_lines");
    const peakBytes = process.resourceUsage().maxRSS * 1024;
    return { customers, lines: rows[0]?.lines ?? 0, fillSeconds, mirrorSeconds, buildSeconds, processorSeconds, peakBytes };
  } finally {
    await builder.stop();
    await mirror.stop();
    warehouse.close();
    await pool.end();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
