/**
 * Ad-hoc SQL against bare DuckDB on the same copy, in a process of its own: the workers run at a low priority, and so must what they are compared with.
 * Usage: node measure.ts <folder> <lines> <users> <runs>. Prints `{first, ours, bare}`: lists of milliseconds.
 */
import { setPriority } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { createSqlApp } from "@kehu/semantic/sandbox";
import { duckdbBudget, memoryShareMiB } from "../../kehu/settings.ts";
import { sellerScope, writeSalesSnapshot } from "./sales-snapshot.ts";

const [folder = "", lines = "", users = "", runs = ""] = process.argv.slice(2);
const statements = [
  "select region, sum(amount) as amount, count(*) as line_count from fct_order_lines where is_counted group by region order by amount desc",
  "select date_trunc('month', ordered_on) as month, sum(amount - cost_amount) as margin from fct_order_lines group by 1 order by 1",
  "select customer_name, sum(amount) as amount from fct_order_lines where ordered_on >= date '2026-01-01' group by 1 order by 2 desc limit 20",
  "select order_line_key, customer_name, amount from fct_order_lines where customer_key = 77 order by amount desc limit 100",
];

setPriority(0, 15);
const pointer = await writeSalesSnapshot(join(folder, "snapshots", "bench.duckdb"), Number(lines));
const { threads } = duckdbBudget("sandbox");
const app = createSqlApp({
  snapshots: { current: () => pointer, onChange: () => () => undefined },
  folder: join(folder, "spill"),
  memoryMiB: memoryShareMiB("sandbox"),
  threads,
  logger: console,
  authenticate: (request) =>
    Promise.resolve({ userId: request.headers.get("x-user") ?? "", roles: sellerScope.roles, scope: sellerScope, locale: "zh-CN" }),
});

const ask = async (user: string, sql: string): Promise<number> => {
  const startedAt = performance.now();
  const response = await app.request("/api/sql", {
    method: "POST",
    headers: { "content-type": "application/json", "x-user": user },
    body: JSON.stringify({ sql }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return performance.now() - startedAt;
};

const first: number[] = [];
for (let user = 0; user < Number(users); user++) {
  // The process that waits for the next user is ready, as it is when users do not come by the second.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  first.push(await ask(`user ${user}`, statements[0]!));
}

const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
const connection = await instance.connect();
await connection.run(`attach '${pointer.file}' as snap (read_only); set preserve_insertion_order = false;
  create table fct_order_lines as from snap.marts.fct_order_lines; reset preserve_insertion_order; detach snap; set TimeZone = 'UTC'`);
const bareOnce = async (sql: string): Promise<number> => {
  const startedAt = performance.now();
  JSON.stringify((await connection.runAndReadAll(sql)).getRowsJson());
  return performance.now() - startedAt;
};

const ours: number[] = [];
const bare: number[] = [];
for (let run = -8; run < Number(runs); run++) {
  const sql = statements[Math.abs(run) % statements.length]!;
  // Side by side in time: what else the machine does meets both.
  const [mine, theirs] = [await ask("user 0", sql), await bareOnce(sql)];
  if (run >= 0) {
    ours.push(mine);
    bare.push(theirs);
  }
}
connection.closeSync();
await app.close();
console.log(JSON.stringify({ first, ours, bare }));
process.exit(0);
