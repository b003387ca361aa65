import { array, assert, asyncProperty, boolean, constant, constantFrom, integer, oneof, option, record, string } from "fast-check";
import type { Arbitrary } from "fast-check";
import { expect, test } from "vitest";
import { verify } from "../verify.ts";
import { currentLsn, openMirrorBench, silent } from "./testing.ts";

type Step =
  | { kind: "put"; id: number; name: string | null; big: boolean }
  | { kind: "rename"; id: number; name: string | null }
  | { kind: "move"; id: number; to: number }
  | { kind: "remove"; id: number }
  | { kind: "truncate" };

const id = integer({ min: 1, max: 6 });
const name = option(string({ unit: constantFrom("a", "客", ",", '"', "\\", "\n", " "), maxLength: 6 }));
const step: Arbitrary<Step> = oneof(
  { weight: 4, arbitrary: record({ kind: constant("put" as const), id, name, big: boolean() }) },
  { weight: 3, arbitrary: record({ kind: constant("rename" as const), id, name }) },
  { weight: 2, arbitrary: record({ kind: constant("move" as const), id, to: id }) },
  { weight: 2, arbitrary: record({ kind: constant("remove" as const), id }) },
  { weight: 1, arbitrary: record({ kind: constant("truncate" as const) }) },
);
const transaction = record({ steps: array(step, { minLength: 1, maxLength: 8 }), commits: boolean(), restart: boolean() });

test("whatever is written, in whatever order and transactions, with restarts between: the mirror equals Postgres and its log replays to it", async () => {
  const bench = await openMirrorBench();
  try {
    await bench.source.query(
      "create table things (id int primary key, name text, body text); alter table things alter body set storage external",
    );
    let mirror = await bench.mirror();
    await mirror.start();
    await assert(
      asyncProperty(array(transaction, { minLength: 1, maxLength: 6 }), async (transactions) => {
        for (const { steps, commits, restart } of transactions) {
          await bench.source.query("begin");
          for (const change of steps) {
            if (change.kind === "put") {
              const body = change.big ? "x".repeat(3000) + change.id : "small";
              await bench.source.query(
                "insert into things values ($1, $2, $3) on conflict (id) do update set name = excluded.name, body = excluded.body",
                [change.id, change.name, body],
              );
            } else if (change.kind === "rename")
              await bench.source.query("update things set name = $2 where id = $1", [change.id, change.name]);
            else if (change.kind === "move")
              await bench.source.query("update things set id = $2 where id = $1 and not exists (select from things where id = $2)", [
                change.id,
                change.to,
              ]);
            else if (change.kind === "remove") await bench.source.query("delete from things where id = $1", [change.id]);
            else await bench.source.query("truncate things");
          }
          await bench.source.query(commits ? "commit" : "rollback");
          if (restart) {
            await bench.stop();
            mirror = await bench.mirror();
            await mirror.start();
          }
        }
        await mirror.waitFor(await currentLsn(bench.source), 20_000);
        const expected = (await bench.source.query("select id, name, body from things order by id")).rows;
        expect(await bench.rows("select id, name, body from raw.things order by id")).toEqual(expected);
        const replayed = await bench.rows(`
          with versions as (
            select *, row_number() over (partition by id order by _lsn desc, _seq desc) as age,
              (select max((_lsn, _seq)) from raw_changes.things where _op = 'truncate') as emptied
            from raw_changes.things where id is not null
          )
          select id, name, body from versions where age = 1 and _op <> 'delete' and (emptied is null or (_lsn, _seq) > emptied) order by id`);
        expect(replayed).toEqual(expected);
      }),
      { numRuns: 25, endOnFailure: true },
    );
    const result = await verify({ source: bench.url, schema: "crm", logger: silent, warehouse: { connect: bench.connect }, mirror });
    expect(result.differs).toEqual([]);
  } finally {
    await bench.close();
  }
});
