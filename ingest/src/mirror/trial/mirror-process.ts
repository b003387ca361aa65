/**
 * A mirror in a process of its own, for trials that kill it. Arguments: source URL, folder, slot, and DuckDB's size of a log that is written into the file, if another than usual. Lines on stdin: `verify` compares and prints the result as
 * JSON, `free` prints how many bytes of its file are free for new rows, `reach LSN` prints `reached` when that is applied, `jump MS` puts the process's clock so far
 * ahead (or back). Prints `started` when it streams. Ends with 3 when DuckDB gave up its files.
 */
import { createInterface } from "node:readline";
import { verify } from "../../verify.ts";
import { openWarehouse } from "../../warehouse.ts";
import { createMirror } from "../mirror.ts";
import { silent } from "../testing.ts";

const [sourceUrl, dir, slot, logRoom] = process.argv.slice(2);
if (!sourceUrl || !dir || !slot) throw new Error("usage: mirror-process.ts URL FOLDER SLOT [LOG ROOM]");

/** As a set system clock would: everything in this process that asks for the time. */
function jump(ms: number): void {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...parts: unknown[]) {
      super(...((parts.length > 0 ? parts : [Real.now() + ms]) as [number]));
    }
    static override now(): number {
      return Real.now() + ms;
    }
  } as DateConstructor;
}

const warehouse = await openWarehouse({ dir, threads: 1, memoryLimit: "400MB" });
if (logRoom) await (await warehouse.connect()).run(`set global wal_autocheckpoint = '${logRoom}'`);
const broken = (): void => process.exit(3);
const logger = { ...silent, error: (_details: object, message: string) => process.stderr.write(`${message}\n`) };
const mirror = createMirror({ sourceUrl, schema: "crm", publication: "kehu", slot, warehouse, logger, broken });

/** Of `ledger`: versions in the log, how many of them are different, and the places they stand at. */
async function countLedger(): Promise<Record<string, number>> {
  const connection = await warehouse.connect();
  try {
    const found = await connection.runAndReadAll(
      `select count(*)::int as logged, count(distinct (id, n))::int as versions, count(distinct (_lsn, _seq))::int as places,
         (select sum(n + 1)::int from raw.ledger) as written from raw_changes.ledger`,
    );
    return found.getRowObjectsJS()[0] as Record<string, number>;
  } finally {
    connection.closeSync();
  }
}

async function countFree(): Promise<number> {
  const connection = await warehouse.connect();
  try {
    const found = await connection.runAndReadAll(
      "select cast(free_blocks * block_size as double) from pragma_database_size() where database_name = 'mirror'",
    );
    return Number(found.getRows()[0]![0]);
  } finally {
    connection.closeSync();
  }
}

await mirror.start();
process.stdout.write("started\n");
for await (const line of createInterface({ input: process.stdin })) {
  const [command, amount] = line.split(" ");
  if (command === "jump") jump(Number(amount));
  if (command === "reach") {
    // Not waited for: what fails meanwhile is said on stderr, and other orders may follow.
    mirror.waitFor(amount!, 2 ** 31 - 1).then(
      () => process.stdout.write("reached\n"),
      (error: Error) => process.stderr.write(`${error.message}\n`),
    );
  }
  if (command === "free") process.stdout.write(`${await countFree()}\n`);
  if (command === "verify") {
    try {
      const verified = await verify({ source: sourceUrl, schema: "crm", logger: silent, warehouse, mirror });
      process.stdout.write(`${JSON.stringify({ ...verified, ledger: await countLedger() })}\n`);
    } catch (error) {
      process.stdout.write(`${JSON.stringify({ error: (error as Error).message })}\n`);
    }
  }
}
// Whoever gave the orders is gone.
process.exit(0);
