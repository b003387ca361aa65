import { afterEach, beforeEach, expect, test } from "vitest";
import { openMirrorBench, silent } from "./mirror/testing.ts";
import type { MirrorBench } from "./mirror/testing.ts";
import { readLastCheck, startSelfCheck } from "./self-check.ts";
import type { SelfCheck } from "./self-check.ts";

let bench: MirrorBench;
let selfCheck: SelfCheck | undefined;
beforeEach(async () => {
  bench = await openMirrorBench();
});
afterEach(async () => {
  await selfCheck?.stop();
  await bench.close();
});

test("the mirror is compared from time to time; what was found stays, and a difference is an error", async () => {
  await bench.source.query(
    "create table things (id int primary key); insert into things values (1), (2); create unlogged table scratch (id int primary key)",
  );
  const mirror = await bench.mirror();
  await mirror.start();
  const errors: string[] = [];
  const logger = { ...silent, error: (_details: object, message: string) => void errors.push(message) };
  const options = { mirror, source: bench.url, schema: "crm", clock: () => new Date("2026-11-22T08:00:00Z"), logger };
  selfCheck = await startSelfCheck({ ...options, warehouse: bench.warehouse(), everyMs: 50, firstMs: 10 });
  const { last } = selfCheck;
  await expect.poll(last, { timeout: 20_000 }).toMatchObject({ tables: 1, rows: 2, differing: [], problems: [{ table: "scratch" }] });
  expect(errors).toEqual([]);
  const connection = await bench.connect();
  await connection.run("delete from raw.things where id = 2");
  await expect.poll(() => last()?.differing, { timeout: 20_000 }).toEqual(["things"]);
  // Told once it is kept.
  await expect.poll(() => errors, { timeout: 20_000 }).toContain("the mirror differs from its source");
  expect((await readLastCheck(connection))?.differing).toEqual(["things"]);
  connection.closeSync();
});
