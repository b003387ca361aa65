import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillDemoCompany, migrate, startPostgres } from "@kehu/operational-api";
import type { LagAnswer } from "./lag-process.ts";
import type { LoadAnswer } from "./load-process.ts";

const until = new Date("2026-11-22T02:00:00Z");

/** The next message of a child; an error when it ends without one. */
async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const gone = once(child, "exit").then(([code]) => Promise.reject(new Error(`${child.spawnargs[1]} ended with ${String(code)}`)));
  gone.catch(() => {}); // it may end when it has answered
  const [message] = (await Promise.race([once(child, "message"), gone])) as [Answer];
  return message;
}

/**
 * Runs the default demo company with its warehouse's process building without pause, and beside it a process that writes. Returns the lag of each of its
 * transactions, in milliseconds, and how many builds were published meanwhile. Throws when one of them was not mirrored.
 */
export async function measureLag(load: { transactionsPerSecond: number; seconds: number }): Promise<LagAnswer> {
  const folder = await mkdtemp(join(tmpdir(), "kehu-bench-lag-"));
  const postgres = await startPostgres({ dataDir: join(folder, "data") });
  const started = (file: string, ...given: (string | number)[]): ChildProcess =>
    fork(join(import.meta.dirname, file), [postgres.url, ...given.map(String)]);
  let warehouse: ChildProcess | undefined;
  try {
    await migrate(postgres.url);
    await fillDemoCompany({ url: postgres.url, until, timezone: "Asia/Shanghai", currency: "CNY" });
    warehouse = started("lag-process.ts", join(folder, "warehouse"), until.toISOString());
    await answerOf(warehouse);
    const { transactions, lsn } = await answerOf<LoadAnswer>(started("load-process.ts", load.transactionsPerSecond, load.seconds));
    const answered = answerOf<LagAnswer>(warehouse);
    const ended = once(warehouse, "exit");
    warehouse.send({ reach: lsn });
    const answer = await answered;
    if (answer.lags.length !== transactions)
      throw new Error(`${transactions} transactions were written, ${answer.lags.length} are mirrored`);
    await ended;
    return answer;
  } finally {
    warehouse?.kill("SIGKILL");
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
