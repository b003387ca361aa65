import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { microbatchOf, readEventTimes } from "./microbatch.ts";
import { runModels, type RunOptions, type RunSummary } from "./run-models.ts";
import type { Node } from "./resources.ts";
import { queryFile, writeProject } from "./testing.ts";

const node = (config: object): Node => ({ file: "models/m.sql", config: { materialized: "incremental", ...config } }) as unknown as Node;
const daily = { event_time: "happened_at", batch_size: "day", begin: "2024-01-01" };
const now = new Date("2024-03-02T05:30:00Z");
const batchesOf = (config: object, isNew: boolean, times?: { start: Date; end: Date }): string[] =>
  microbatchOf(node(config), { isNew, now, times }).batches.map(
    ({ id, start, end }) => `${id} ${start.toISOString().slice(0, 13)} ${end.toISOString().slice(0, 13)}`,
  );

describe("batches", () => {
  it("begin at the beginning for a new table, and go back by lookback for one that is there", () => {
    expect(batchesOf({ ...daily, begin: "2024-02-29" }, true)).toEqual([
      "20240229 2024-02-29T00 2024-03-01T00",
      "20240301 2024-03-01T00 2024-03-02T00",
      "20240302 2024-03-02T00 2024-03-03T00",
    ]);
    expect(batchesOf(daily, false)).toEqual(["20240301 2024-03-01T00 2024-03-02T00", "20240302 2024-03-02T00 2024-03-03T00"]);
    expect(batchesOf({ ...daily, lookback: 0, batch_size: "hour" }, false)).toEqual(["20240302T05 2024-03-02T05 2024-03-02T06"]);
    expect(batchesOf({ ...daily, batch_size: "month", begin: "2024-01-20" }, true)).toEqual([
      "20240101 2024-01-01T00 2024-02-01T00",
      "20240201 2024-02-01T00 2024-03-01T00",
      "20240301 2024-03-01T00 2024-04-01T00",
    ]);
    expect(batchesOf({ ...daily, batch_size: "year", lookback: 2 }, false)).toHaveLength(3);
  });

  it("cover the span that was asked for, the last one only up to its end", () => {
    const times = readEventTimes("2024-01-05 12:00", "2024-01-06T06:00:00Z");
    expect(batchesOf(daily, false, times)).toEqual(["20240105 2024-01-05T00 2024-01-06T00", "20240106 2024-01-06T00 2024-01-06T06"]);
  });

  it.each([
    [{}, /needs event_time/],
    [{ event_time: "t", batch_size: "days" }, /batch_size must be one of hour, day, month, year, found "days"\. Did you mean "day"/],
    [{ event_time: "t", batch_size: "day" }, /begin must be the day of the oldest batch, such as "2024-01-01", found null/],
    [{ ...daily, lookback: -1 }, /lookback is a whole number of batches from 0, found -1/],
  ])("say what the configuration misses: %j", (config, message) => {
    expect(() => microbatchOf(node(config), { isNew: true, now, times: undefined })).toThrow(message);
  });

  it.each([
    ["2024-01-01", undefined, /go together/],
    ["2024-01-01", "tomorrow", /--event-time-end takes a day or an instant .*, found "tomorrow"/],
    ["2024-01-02", "2024-01-01", /is not before/],
  ])("say what is wrong with a span: %s %s", (start, end, message) => {
    expect(() => readEventTimes(start, end)).toThrow(message);
  });
});

const events = "{{ config(materialized='table', event_time='happened_at') }}\n";
const config =
  "materialized='incremental', incremental_strategy='microbatch', event_time='happened_at', batch_size='day', begin='2024-01-01'";
const model = `{{ config(${config}) }}
select *, '{{ model.batch.id }}' as batch, {{ is_incremental() }} as added, (select count(*) from {{ ref('events').render() }})::int as of_all from {{ ref('events') }}`;

async function project(
  rows: string,
  sql = model,
): Promise<{
  build: (more?: Partial<RunOptions>) => Promise<RunSummary>;
  write: (rows: string) => Promise<void>;
  rows: () => Promise<Record<string, unknown>[]>;
  target: string;
}> {
  const folder = await writeProject({ "models/events.sql": `${events}${rows}`, "models/m.sql": sql });
  const database = join(folder, "shop.duckdb");
  return {
    build: (more = {}) =>
      runModels({
        command: "build",
        projectDir: folder,
        database,
        targetPath: null,
        eventTimeStart: "2024-01-01",
        eventTimeEnd: "2024-01-04",
        ...more,
      }),
    write: (text) => writeFile(join(folder, "models/events.sql"), `${events}${text}`),
    rows: () => queryFile(database, "select id, batch, added, of_all from m order by id"),
    target: join(folder, "target"),
  };
}

describe("a microbatch model", () => {
  const first =
    "select 1 as id, timestamp '2024-01-01 23:59:59' as happened_at union all select 2, timestamp '2024-01-02' union all select 3, timestamp '2024-01-05'";

  it("sees one batch at a time, and replaces the rows of the batches that it builds", async () => {
    const { build, write, rows } = await project(first);
    const summary = await build();
    expect(summary.results.map(({ message }) => message)).toEqual(["OK", "OK"]);
    expect(await rows()).toEqual([
      { id: 1, batch: "20240101", added: false, of_all: 3 },
      { id: 2, batch: "20240102", added: true, of_all: 3 },
    ]);
    await write("select 4 as id, timestamp '2024-01-01 12:00' as happened_at union all select 5, timestamp '2024-01-02 12:00'");
    await build({ eventTimeStart: "2024-01-02", eventTimeEnd: "2024-01-03" });
    expect(await rows()).toEqual([
      { id: 1, batch: "20240101", added: false, of_all: 3 },
      { id: 5, batch: "20240102", added: true, of_all: 2 },
    ]);
    await build({ fullRefresh: true });
    expect((await rows()).map(({ id, added }) => [id, added])).toEqual([
      [4, false],
      [5, true],
    ]);
  });

  it("builds the other batches when one fails, and names it", async () => {
    const { build, rows } = await project(
      first,
      model.replace("{{ is_incremental() }} as added", "if(id = 2, error('not this one'), false) as added"),
    );
    const summary = await build();
    expect(summary.exitCode).toBe(1);
    expect(summary.results.find(({ name }) => name === "m")?.message).toMatch(/^1 of 3 batches failed\nbatch 20240102: .*not this one/);
    expect((await rows()).map(({ id }) => id)).toEqual([1]);
  });

  it("is repeated by retry in the batches that failed, as often as some do", async () => {
    const { build, write, rows, target } = await project(
      first,
      model.replace("{{ is_incremental() }} as added", "if(id in (2, 3), error('not this one'), {{ is_incremental() }}) as added"),
    );
    const call = { eventTimeEnd: "2024-01-06", fullRefresh: true, targetPath: target };
    expect((await build(call)).exitCode).toBe(1);
    const [, result] = JSON.parse(await readFile(join(target, "run_results.json"), "utf8")).results;
    const day = (date: number): string[] => [`2024-01-0${date}T00:00:00.000Z`, `2024-01-0${date + 1}T00:00:00.000Z`];
    expect(result).toMatchObject({
      status: "partial success",
      batch_results: { successful: [day(1), day(3), day(4)], failed: [day(2), day(5)] },
    });
    const retried = async (rowsNow: string): Promise<(string | null)[]> => {
      await write(rowsNow);
      await build({ select: ["events"] });
      const again = { command: "retry", targetPath: target, eventTimeStart: undefined, eventTimeEnd: undefined } as const;
      return (await build(again)).results.map(({ message }) => message);
    };
    const ids = async (): Promise<unknown[]> => (await rows()).map(({ id }) => id);
    // The batch of the first day is not built again: nobody sees id 4.
    const second = first.replace("select 1 as id", "select 4 as id").replace("select 2,", "select 5,");
    expect(await retried(second)).toEqual([expect.stringMatching(/^1 of 2 batches failed/)]);
    expect(await ids()).toEqual([1, 5]);
    const third = "select 6 as id, timestamp '2024-01-05' as happened_at union all select 7, timestamp '2024-01-02'";
    expect(await retried(third)).toEqual(["OK"]);
    expect(await ids()).toEqual([1, 5, 6]);
    expect(await retried(third)).toEqual([]);
  });
});
