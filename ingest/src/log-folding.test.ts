import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startLogFolding } from "./log-folding.ts";
import type { LogFoldingOptions } from "./log-folding.ts";
import { prepareStore } from "./mirror/mirror-store.ts";
import { silent } from "./mirror/testing.ts";
import { openWarehouse } from "./warehouse.ts";

test("older days are folded by themselves, with the days kept and the position as they are at that time; an error is told and tried again", async () => {
  const dir = await mkdtemp(join(tmpdir(), "kehu-folding-"));
  const warehouse = await openWarehouse({ dir, threads: 1, memoryLimit: "300MB" });
  try {
    const connection = await warehouse.connect();
    await prepareStore(connection);
    await connection.run(`
      create table raw_changes.things (id integer, _op varchar, _lsn ubigint, _commit_at timestamptz, _actor varchar, _seq bigint);
      insert into raw_changes.things select 1, 'update', i, '2026-03-01 01:00:00+00', null, 1 from range(1, 4) as t(i);
      insert into meta.mirror_tables (name, definition, needs_copy, copied) values ('things', '{"name": "things", "key": ["id"], "columns": []}', false, true)`);
    const answers = [null, new Error("no pointer to be read"), "0/9"];
    const told: string[] = [];
    const { promise, resolve } = Promise.withResolvers<object>();
    const options: LogFoldingOptions = {
      warehouse,
      mirror: { between: (work) => work(connection) },
      timezone: "Asia/Shanghai",
      clock: () => new Date("2026-11-22T02:00:00Z"),
      keepDays: () => Promise.resolve(30),
      readUpTo() {
        // The first two are no answers to go on; from the third on there is a position.
        const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      logger: { ...silent, error: (_details, message) => told.push(message), info: (details) => resolve(details) },
      firstMs: 1,
      everyMs: 1,
    };
    const folding = await startLogFolding(options);
    expect(await promise).toEqual({ tables: [{ table: "things", removed: 2 }] });
    await folding.stop();
    expect(told).toEqual(["the change log could not be folded; it is tried again"]);
    expect((await connection.runAndReadAll("select _lsn::integer from raw_changes.things")).getRowsJson()).toEqual([[3]]);
  } finally {
    warehouse.close();
    await rm(dir, { recursive: true });
  }
});
