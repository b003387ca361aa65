/**
 * Writes receipts at a steady rate of transactions, each committed by itself, over a few connections, until it has written for so long. Arguments: URL,
 * transactions a second, seconds. Says on the IPC channel how many there were and the position after the last.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";

export interface LoadAnswer {
  transactions: number;
  lsn: string;
}

const [url, rate, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
if (!url || !rate || !seconds) throw new Error("usage: load-process.ts URL RATE SECONDS");
/** The server flushes commits that wait together at once: with few connections its disk would set the pace. */
const connections = 16;
const turnMs = 100;

/** Half new receipts, half changes of the one just written. Each turn of the loop is a transaction; the loop runs in the server. */
const transactions = (worker: number): string => `
  create temp table bench_model as select * from crm.receipts limit 1;
  create procedure pg_temp.write(first integer, count integer) language plpgsql as $$
  declare
    written uuid;
  begin
    for n in first..first + count - 1 loop
      if n % 2 = 0 or written is null then
        insert into crm.receipts (number, customer_id, owner_id, department_id, received_at, amount, currency)
        select 'LAG-${worker}-' || n, customer_id, owner_id, department_id, received_at, 12.34, currency from bench_model returning id into written;
      else
        update crm.receipts set amount = amount + 0.01 where id = written;
      end if;
      commit;
    end loop;
  end $$`;

async function write(worker: number): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(transactions(worker));
  const startedAt = performance.now();
  let written = 0;
  for (;;) {
    const elapsed = performance.now() - startedAt;
    if (elapsed >= seconds * 1000) break;
    const due = Math.floor(((elapsed + turnMs) / 1000) * (rate / connections)) - written;
    if (due > 0) await client.query(`call pg_temp.write(${written}, ${due})`);
    written += Math.max(due, 0);
    await delay(Math.max(0, turnMs - (performance.now() - startedAt - elapsed)));
  }
  await client.end();
  return written;
}

const counts = await Promise.all(Array.from({ length: connections }, (_, worker) => write(worker)));
const client = new Client({ connectionString: url });
await client.connect();
const { rows } = await client.query<{ lsn: string }>("select pg_logical_emit_message(true, 'bench', '')::text as lsn");
await client.end();
process.send?.({ transactions: counts.reduce((sum, count) => sum + count, 0), lsn: rows[0]!.lsn } satisfies LoadAnswer);
process.disconnect();
