/**
 * A mirror in a process of its own, for trials that kill it. Arguments: source URL, folder, slot. Lines on stdin: `verify` compares and prints the result as
 * JSON, `jump MS` puts the process's clock so far ahead (or back). Prints `started` when it streams. Ends with 3 when DuckDB gave up its files.
 */
import { createInterface } from "node:readline";
import { verify } from "../../verify.ts";
import { openWarehouse } from "../../warehouse.ts";
import { createMirror } from "../mirror.ts";
import { silent } from "../testing.ts";

const [sourceUrl, dir, slot] = process.argv.slice(2);
if (!sourceUrl || !dir || !slot) throw new Error("usage: mirror-process.ts URL FOLDER SLOT");

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

await mirror.start();
process.stdout.write("started\n");
for await (const line of createInterface({ input: process.stdin })) {
  const [command, amount] = line.split(" ");
  if (command === "jump") jump(Number(amount));
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
