import type { Client } from "pg";
import { lineTables, lineValues, rowsOf } from "./order-lines.ts";

/** Of all changed rows, those that come in transactions of a few rows each; the others come in a few large ones. */
const shareInSmall = 0.5;
/** Rows of a small transaction: an update of five, a deletion of one and an insert of two in one table. */
const rowsInSmall = 8;
const largeTransactions = 4;

/**
 * Changes about so many rows of the tables that `fillLines` made with `rows`, at keys drawn anew each time: half in many small transactions, half in a few
 * large ones; five of eight are updates, two inserts, one a deletion. Returns how many rows were changed, and a position that none of that lies behind.
 */
export async function changeLines(source: Client, rows: number, changes: number): Promise<{ changed: number; lsn: string }> {
  await source.query("set synchronous_commit = off");
  await source.query("select setseed(0.25)");
  let changed = 0;
  for (const table of lineTables) {
    const most = rowsOf(table, rows);
    const here = Math.round((changes * rowsOf(table, rows)) / rows);
    const keys = (count: number): string => `array(select 1 + floor(random() * ${most})::bigint from generate_series(1, ${count}))`;
    const small = Math.round((here * shareInSmall) / rowsInSmall);
    const before = await changesIn(source, table);
    await source.query(`do $$ begin
      for turn in 0..${small - 1} loop
        update crm.${table} set quantity = quantity + 1, amount = amount + unit_price, status = 'approved' where id = any (${keys(5)});
        delete from crm.${table} where id = any (${keys(1)});
        insert into crm.${table} select ${lineValues} from generate_series(${most + 1}::bigint + 2 * turn, ${most + 2} + 2 * turn) as n;
        commit;
      end loop; end $$`);
    const large = Math.round((here * (1 - shareInSmall)) / largeTransactions / rowsInSmall);
    for (let turn = 0; turn < largeTransactions; turn++) {
      const first = most + 2 * small + 2 * large * turn;
      await source.query(`begin;
        update crm.${table} set amount = amount + 0.01, note = 'changed ' || id where id = any (${keys(5 * large)});
        delete from crm.${table} where id = any (${keys(large)});
        insert into crm.${table} select ${lineValues} from generate_series(${first + 1}::bigint, ${first + 2 * large}) as n;
        commit`);
    }
    changed += (await changesIn(source, table)) - before;
  }
  await source.query("set synchronous_commit = on");
  // The message's own commit makes sure that the log is flushed up to it.
  const { rows: sent } = await source.query<{ lsn: string }>("select pg_logical_emit_message(true, 'bench', '')::text as lsn");
  return { changed, lsn: sent[0]!.lsn };
}

async function changesIn(source: Client, table: string): Promise<number> {
  await source.query("select pg_stat_force_next_flush()");
  const { rows } = await source.query<{ changes: number }>(
    `select (n_tup_ins + n_tup_upd + n_tup_del)::float8 as changes from pg_stat_user_tables where schemaname = 'crm' and relname = $1`,
    [table],
  );
  return rows[0]?.changes ?? 0;
}
