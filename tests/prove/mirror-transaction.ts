import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMirror, openWarehouse, verify } from "@kehu/ingest";
import { startPostgres } from "@kehu/operational-api";
import { Client } from "pg";
import { startMirrorChild } from "../../bench/mirror/mirror-child.ts";
import { fillLines, lineTables, lineValues, rowsOf } from "../../bench/mirror/order-lines.ts";

/** Of a million changes: all rows are changed, as many come, and of all of these one in four goes. */
const rowsPerMillion = 400_000;
/** Of the mirror's process; DuckDB has the smaller part of it, spills what is over, and shares the rest with Node. */
const mostMiB = 1_024;
const duckdbMemory = "300MiB";
const slot = "kehu_transaction";

/**
 * One transaction of `rounds` million changes on tables that are mirrored: within 1 GiB it must be applied, each change once, and the mirror equal to its source.
 * `seed` decides which rows go.
 */
export async function mirrorTransactionTrial(options: { seed: number; rounds: number; say: (line: string) => void }): Promise<void> {
  const { seed, rounds, say } = options;
  const folder = await mkdtemp(join(tmpdir(), "postgres-"));
  const postgres = await startPostgres({ dataDir: join(folder, "data") });
  const source = new Client({ connectionString: postgres.url });
  await source.connect();
  try {
    const rows = rowsPerMillion * rounds;
    await fillLines(source, rows);
    const files = { url: postgres.url, dir: join(folder, "warehouse"), slot, memoryLimit: duckdbMemory };
    await (await startMirrorChild(files)).end();
    const { changes, lsn } = await changeAll(source, rows, seed);
    say(`${changes} changes of one transaction are written`);

    const streaming = await startMirrorChild(files);
    const ms = await streaming.reach(lsn);
    const { peakMiB } = await streaming.end();
    say(`applied in ${Math.round(ms / 1000)} s, ${Math.round(changes / (ms / 1000))} changes/s, within ${Math.round(peakMiB)} MiB`);
    if (peakMiB > mostMiB) throw new Error(`the mirror's process took ${Math.round(peakMiB)} MiB, more than ${mostMiB}`);
    await compare(postgres.url, files.dir, changes);
  } finally {
    await source.end();
    await postgres.stop();
  }
}

/** Returns how many changes one transaction made, and a position behind it. */
async function changeAll(source: Client, rows: number, seed: number): Promise<{ changes: number; lsn: string }> {
  let changes = 0;
  const change = async (sql: string): Promise<void> => void (changes += (await source.query(sql)).rowCount ?? 0);
  await source.query("begin");
  for (const table of lineTables) {
    const most = rowsOf(table, rows);
    await change(`update crm.${table} set quantity = quantity + 1, note = 'changed ' || id`);
    await change(`insert into crm.${table} select ${lineValues} from generate_series(${most + 1}::bigint, ${2 * most}) as n`);
    await change(`delete from crm.${table} where id % 4 = ${seed % 4}`);
  }
  await source.query("commit");
  const { rows: sent } = await source.query<{ lsn: string }>("select pg_logical_emit_message(true, 'trial', '')::text as lsn");
  return { changes, lsn: sent[0]!.lsn };
}

/** Throws when a row of the mirror is not that of the source, or a change is not in the log exactly once. */
async function compare(sourceUrl: string, dir: string, changes: number): Promise<void> {
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const warehouse = await openWarehouse({ dir, memoryLimit: "2GiB" });
  const mirror = createMirror({ sourceUrl, schema: "crm", publication: "kehu", slot, warehouse, logger });
  await mirror.start();
  try {
    const verified = await verify({ source: sourceUrl, schema: "crm", logger, warehouse, mirror });
    const isEqual = verified.tables.length === lineTables.length && verified.tables.every(({ equal }) => equal);
    if (!isEqual) throw new Error(`the mirror is not equal to its source: ${JSON.stringify(verified)}`);
    const connection = await warehouse.connect();
    const logs = lineTables.map((table) => `select _seq from raw_changes.${table} where _op <> 'copy'`);
    const found = await connection.runAndReadAll(
      `select count(*)::double, count(distinct _seq)::double, max(_seq)::double from (${logs.join(" union all ")})`,
    );
    const [logged, places, last] = found.getRows()[0] as [number, number, number];
    if (logged !== changes || places !== changes || last !== changes) {
      throw new Error(`${changes} changes were made; ${logged} are in the log, at ${places} places of which the last is ${last}`);
    }
  } finally {
    await mirror.stop();
    warehouse.close();
  }
}
