import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { SemanticApp } from "./app.ts";
import { load, manualSource, newFolder, startSemantic, writeModel, writeSnapshot } from "./testing.ts";

/** Events around midnights, month ends and years; three people, one of whom has nothing in the first year and one nothing in the second. */
const factSql = `
  create table marts.fct_events as
  select range::integer as event_key, case when range % 5 = 0 then 1 when range < 500 then 2 else 3 end as person,
    timestamptz '2023-12-28 15:59:59.999500+00' + interval (range * 17) hour as happened_at,
    (timezone('Asia/Shanghai', timestamptz '2023-12-28 15:59:59.999500+00' + interval (range * 17) hour))::date as happened_date,
    (range % 100 + 0.01)::decimal(18,2) as amount,
    printf('00000000-0000-7000-8000-%012d', range)::uuid as document_id
  from range(1000)`;

const model = `
cubes:
  - name: events
    sql_table: fct_events
    dimensions:
      - { name: id, sql: event_key, type: number, primary_key: true }
      - { name: person, sql: person, type: number }
      - { name: document, sql: document_id, type: string }
      - name: at
        sql: happened_at
        type: time
        granularities: &granularities
          - { name: half_year, interval: 6 months, origin: 2026-04-01 }
          - { name: fiscal_year, interval: 1 year, offset: 3 months }
          - { name: ten_days, interval: 10 days, origin: 2024-01-01 }
      - { name: day, sql: happened_date, type: time, granularities: *granularities }
    measures:
      - { name: count, type: count }
      - { name: amount, sql: amount, type: sum }
      - { name: people, sql: person, type: count_distinct }
      - { name: running, sql: amount, type: sum, rolling_window: { trailing: unbounded } }
      - { name: to_date, sql: amount, type: sum, rolling_window: { type: to_date, granularity: year } }
      - { name: year_ago, multi_stage: true, type: number, sql: "{amount}", time_shift: [{ interval: 1 year, type: prior }] }
      - { name: month_ago, multi_stage: true, type: number, sql: "{amount}", time_shift: [{ interval: 1 month, type: prior }] }
      - { name: person_total, multi_stage: true, type: sum, sql: "{amount}", group_by: [person] }
      - { name: place, multi_stage: true, type: rank, order_by: [{ sql: "{amount}", dir: desc }], reduce_by: [person] }
`;

let app: SemanticApp;
let sundays: SemanticApp;
let hand: DuckDBConnection;
let instance: DuckDBInstance;

beforeAll(async () => {
  const folder = newFolder();
  const pointer = await writeSnapshot(folder, "b1", factSql, [{ name: "fct_events", scope: "none" }]);
  const modelDir = writeModel(folder, { "events.yml": model });
  app = await startSemantic({ modelDir, snapshots: manualSource(pointer) });
  sundays = await startSemantic({ modelDir, snapshots: manualSource(pointer), weekStart: "sunday" });
  instance = await DuckDBInstance.create();
  hand = await instance.connect();
  await hand.run(`set TimeZone = 'UTC'; create schema marts; ${factSql}`);
  await hand.run("create view local as select *, timezone('Asia/Shanghai', happened_at) as t from marts.fct_events");
});
afterAll(async () => {
  await app.close();
  await sundays.close();
  hand.closeSync();
  instance.closeSync();
});

const rowsOf = async (query: unknown, columns: string[], on: SemanticApp = app): Promise<unknown[][]> => {
  const { results, error } = await load(on, query);
  expect(error).toBeUndefined();
  return results[0]!.data.map((row) => columns.map((column) => row[column]));
};
const byHand = async (sql: string): Promise<unknown[][]> => (await hand.runAndReadAll(sql)).getRowsJson();
const iso = (column: string) => `strftime(${column}, '%Y-%m-%dT%H:%M:%S.000')`;
const year = ["2024-01-01", "2024-12-31"];

describe.each(["events.at", "events.day"])("time features of %s against hand SQL", (dimension) => {
  const time = dimension === "events.at" ? "t" : "happened_date::timestamp";

  test.each(["day", "week", "month", "quarter", "year"])("%s", async (granularity) => {
    const key = `${dimension}.${granularity}`;
    const query = {
      measures: ["events.amount"],
      timeDimensions: [{ dimension, granularity, dateRange: year }],
      order: { [dimension]: "asc" },
    };
    expect(await rowsOf(query, [key, "events.amount"])).toEqual(
      await byHand(
        `select ${iso(`date_trunc('${granularity}', ${time})`)}, sum(amount)::varchar from local
         where ${time} >= '2024-01-01' and ${time} < '2025-01-01' group by 1 order by 1`,
      ),
    );
  });

  test("weeks from Sunday", async () => {
    const query = {
      measures: ["events.count"],
      timeDimensions: [{ dimension, granularity: "week", dateRange: year }],
      order: { [dimension]: "asc" },
    };
    expect(await rowsOf(query, [`${dimension}.week`, "events.count"], sundays)).toEqual(
      await byHand(
        `select ${iso(`date_trunc('day', ${time}) - interval (dayofweek(${time})) day`)}, count(*)::varchar from local
         where ${time} >= '2024-01-01' and ${time} < '2025-01-01' group by 1 order by 1`,
      ),
    );
  });

  test("running sums by weeks from Sunday", async () => {
    const query = {
      measures: ["events.running"],
      timeDimensions: [{ dimension, granularity: "week", dateRange: ["2024-02-01", "2024-03-31"] }],
      order: { [dimension]: "asc" },
    };
    expect(await rowsOf(query, [`${dimension}.week`, "events.running"], sundays)).toEqual(
      await byHand(
        `select ${iso("week")}, (select sum(amount) from local where ${time} < week + interval 7 day)::varchar
         from (select distinct date_trunc('day', ${time}) - interval (dayofweek(${time})) day as week from local
               where ${time} >= '2024-02-01' and ${time} < '2024-04-01') weeks order by 1`,
      ),
    );
  });

  test.each([
    [
      "half_year",
      `make_date(year(tt), 4, 1) - interval (case when month(tt) between 4 and 9 then 0 when month(tt) > 9 then -6 else 6 end) month`,
    ],
    ["fiscal_year", `date_trunc('year', tt - interval 3 month) + interval 3 month`],
    [
      "ten_days",
      `timestamp '2024-01-01' + interval (10 * floor(date_diff('day', timestamp '2024-01-01', date_trunc('day', tt)) / 10)) day`,
    ],
  ])("custom granularity %s", async (granularity, expression) => {
    const query = { measures: ["events.count"], timeDimensions: [{ dimension, granularity }], order: { [dimension]: "asc" } };
    expect(await rowsOf(query, [`${dimension}.${granularity}`, "events.count"])).toEqual(
      await byHand(`select ${iso(expression)}, count(*)::varchar from (select ${time} as tt from local) each_event group by 1 order by 1`),
    );
  });

  test("a day's last half millisecond belongs to the day", async () => {
    const query = { measures: ["events.count"], timeDimensions: [{ dimension, dateRange: ["2023-12-28", "2023-12-28"] }] };
    expect(await rowsOf(query, ["events.count"])).toEqual([["1"]]);
  });

  test.each([
    ["contains", "like '%77%'"],
    ["notContains", "not like '%77%'"],
    ["endsWith", "like '%77'"],
  ])("an id that %s a text", async (operator, condition) => {
    const query = { measures: ["events.count"], filters: [{ member: "events.document", operator, values: ["77"] }] };
    expect(await rowsOf(query, ["events.count"])).toEqual(
      await byHand(`select count(*)::varchar from local where document_id::varchar ${condition}`),
    );
  });

  test("filters before, after and on a date", async () => {
    for (const [operator, condition] of [
      ["beforeDate", `${time} < '2024-03-01'`],
      ["beforeOrOnDate", `${time} < '2024-03-02'`],
      ["afterDate", `${time} >= '2024-03-02'`],
      ["afterOrOnDate", `${time} >= '2024-03-01'`],
    ] as const) {
      const values = [operator === "beforeOrOnDate" || operator === "afterDate" ? "2024-03-01T23:59:59.999" : "2024-03-01"];
      expect(await rowsOf({ measures: ["events.count"], filters: [{ member: dimension, operator, values }] }, ["events.count"])).toEqual(
        await byHand(`select count(*)::varchar from local where ${condition}`),
      );
    }
    const outside = { member: dimension, operator: "notInDateRange", values: ["2024-01-01", "2024-12-31"] };
    expect(
      await rowsOf({ measures: ["events.count"], filters: [outside, { member: "events.person", operator: "equals", values: ["1"] }] }, [
        "events.count",
      ]),
    ).toEqual(
      await byHand(`select count(*)::varchar from local where person = 1 and not (${time} >= '2024-01-01' and ${time} < '2025-01-01')`),
    );
  });

  test.each(["year", "month"])("%s ago keeps what has one side only", async (unit) => {
    const measure = `events.${unit}_ago`;
    const query = {
      measures: ["events.amount", measure],
      dimensions: ["events.person"],
      timeDimensions: [{ dimension, granularity: "month", dateRange: ["2024-06-01", "2025-12-31"] }],
      order: [
        [dimension, "asc"],
        ["events.person", "asc"],
      ],
    };
    const sums = (shift: string) =>
      `select date_trunc('month', ${time} ${shift}) as month, person, sum(amount) as amount from local
       where ${time} ${shift} >= '2024-06-01' and ${time} ${shift} < '2026-01-01' group by all`;
    const expected = await byHand(
      `select ${iso("month")}, person, this.amount::varchar, prior.amount::varchar
       from (${sums("")}) this full join (${sums(`+ interval 1 ${unit}`)}) prior using (month, person) order by month, person`,
    );
    expect([2, 3].map((side) => expected.some((row) => row[side] === null))).toEqual([true, true]);
    expect(await rowsOf(query, [`${dimension}.month`, "events.person", "events.amount", measure])).toEqual(expected);
  });

  test("running and year-to-date sums, with and without a range", async () => {
    const expected = await byHand(
      `select ${iso("month")}, (sum(amount) over (order by month))::varchar, (sum(amount) over (partition by year(month) order by month))::varchar
       from (select date_trunc('month', ${time}) as month, sum(amount) as amount from local group by 1) by_month order by month`,
    );
    const query = (dateRange?: string[]) => ({
      measures: ["events.running", "events.to_date"],
      timeDimensions: [{ dimension, granularity: "month", ...(dateRange ? { dateRange } : {}) }],
      order: { [dimension]: "asc" },
    });
    const columns = [`${dimension}.month`, "events.running", "events.to_date"];
    expect(await rowsOf(query(), columns)).toEqual(expected);
    expect(await rowsOf(query(["2024-01-01", "2024-12-31"]), columns)).toEqual(expected.slice(1, 13));
  });
});

test("share of a group and rank", async () => {
  const query = {
    measures: ["events.amount", "events.person_total", "events.place"],
    dimensions: ["events.person"],
    order: { "events.person": "asc" },
  };
  expect(await rowsOf(query, ["events.person", "events.amount", "events.person_total", "events.place"])).toEqual(
    await byHand(
      `select person, amount::varchar, amount::varchar, (rank() over (order by amount desc))::varchar
       from (select person, sum(amount) as amount from local group by 1) by_person order by 1`,
    ),
  );
});
