import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSnapshot, openWarehouse, type SnapshotPointer, type Warehouse } from "@kehu/ingest";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeProject } from "../testing.ts";
import { createLiveBuilder, type LiveBuilder } from "./live-builder.ts";

const schema = (name: string): string => `{{ config(materialized='table', schema='${name}') }}`;

/** Two orders, and a mart that reads what a fit makes of them. */
const files = {
  "macros/generate_schema_name.sql": "{% macro generate_schema_name(name, node) %}{{ name }}{% endmacro %}",
  "models/sources.yml": `version: 2
sources:
  - name: crm
    database: mirror
    schema: raw
    tables: [{ name: orders }]
  - name: fits
    schema: fits
    tables:
      - name: runs
        meta: { fit: null, keeps: every_run }
        columns:
          - { name: fit, data_type: varchar }
          - { name: status, data_type: varchar }
          - { name: sample, data_type: bigint }
          - { name: remark, data_type: varchar }
          - { name: seconds, data_type: double }
          - { name: as_of, data_type: timestamptz }
          - { name: fitted_at, data_type: timestamptz }
      - name: level
        meta: { fit: level }
        columns:
          - { name: mean, data_type: "decimal(18,2)" }
          - { name: as_of, data_type: timestamptz }
          - { name: fitted_at, data_type: timestamptz }
`,
  "models/stg_orders.sql": `${schema("staging")} select amount from {{ source('crm', 'orders') }}`,
  "models/fct_orders.sql": `${schema("marts")} select amount from {{ ref('stg_orders') }}`,
  "models/stg_level.sql": `${schema("staging")} select mean, as_of from {{ source('fits', 'level') }}`,
  "models/fct_level.sql": `${schema("marts")} select mean, as_of from {{ ref('stg_level') }}`,
  "fits/level.ts": `export default {
  name: "level",
  inputs: ["fct_orders"],
  run({ fct_orders: rows }, { today }) {
    if (today === "2026-11-23") throw new Error("not on a Monday");
    while (today === "2026-11-24");
    const mean = rows.reduce((sum, { amount }) => sum + amount, 0) / rows.length;
    return { tables: { level: [{ mean: mean.toFixed(2) }] }, sample: rows.length, remark: null };
  },
};
`,
};

let folder: string;
let projectDir: string;
let warehouse: Warehouse;
let builder: LiveBuilder;
let now: Date;
let warnings: object[];
let errors: object[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kehu-fits-"));
  projectDir = await writeProject(files);
  warehouse = await openWarehouse({ dir: folder });
  now = new Date("2026-11-22T08:00:00Z");
  [warnings, errors] = [[], []];
  const connection = await warehouse.connect();
  await connection.run(`create schema raw; create schema if not exists meta;
    create table raw.orders (row_key bigint, amount decimal(18, 2)); insert into raw.orders values (1, 10), (2, 15);
    create table meta.mirror_state (applied_lsn varchar, applied_at timestamptz); insert into meta.mirror_state values ('0/1', '2026-11-22T07:00:00Z')`);
  builder = createBuilder();
});

afterEach(async () => {
  await builder.stop();
  warehouse.close();
  await rm(folder, { recursive: true, force: true });
  await rm(projectDir, { recursive: true, force: true });
});

const createBuilder = (pastFitMonths = 0): LiveBuilder =>
  createLiveBuilder({
    warehouse,
    // A source at rest.
    mirror: {
      applied: () => ({ lsn: "0/1", at: "2026-11-22T07:00:00Z" }),
      onApplied: () => () => undefined,
      waitFor: async () => undefined,
    },
    projectDir,
    vars: { timezone: "Asia/Shanghai" },
    clock: () => now,
    runsFits: true,
    pastFitMonths,
    publishSeconds: 0,
    logger: {
      info: () => undefined,
      warn: (fields) => void warnings.push(fields),
      error: (fields) => void errors.push(fields),
    },
  });

/** Starts, or asks for a build, and answers the rows of `sql` in each of the next `count` snapshots. */
async function published(count: number, begin: () => Promise<void> | void, sql: string): Promise<unknown[][]> {
  const pointers: SnapshotPointer[] = [];
  const all = new Promise<void>((resolve) => {
    const end = builder.onPublished((pointer) => {
      if (pointers.push(pointer) < count) return;
      end();
      resolve();
    });
  });
  await begin();
  await all;
  return Promise.all(
    pointers.map(async ({ file }) => {
      const instance = await openSnapshot(file);
      const connection = await instance.connect();
      try {
        return await (await connection.run(sql)).getRowObjectsJson();
      } finally {
        connection.closeSync();
        instance.closeSync();
      }
    }),
  );
}

const level = "select mean, cast(as_of at time zone 'UTC' as varchar) as as_of from snap.marts.fct_level";

it("publishes without waiting for the fits, and again with their results", async () => {
  const result = { mean: "12.50", as_of: "2026-11-22 08:00:00" };
  expect(await published(2, () => builder.start(), level)).toEqual([[], [result]]);
  // The same day: no fit, so no further publish but the one that is asked for.
  now = new Date("2026-11-22T09:00:00Z");
  expect(await published(1, () => builder.requestFullBuild(), level)).toEqual([[result]]);
  expect(errors).toEqual([]);
});

it("runs on request, and not again after a start on the same day", async () => {
  await published(2, () => builder.start(), level);
  await builder.stop();
  builder = createBuilder();
  await builder.start();
  now = new Date("2026-11-22T10:00:00Z");
  expect(await published(2, () => builder.requestFits(), level)).toEqual([
    [{ mean: "12.50", as_of: "2026-11-22 08:00:00" }],
    [{ mean: "12.50", as_of: "2026-11-22 10:00:00" }],
  ]);
});

it("a fit that fails stops no publish; the last good result stays with its date", async () => {
  await published(2, () => builder.start(), level);
  // Past the company's midnight.
  now = new Date("2026-11-22T16:30:00Z");
  const runs = "select status, remark, (select count(*)::int from snap.marts.fct_level) as results from snap.fits.runs order by as_of";
  const fitted = { status: "fitted", remark: null, results: 1 };
  expect(await published(2, () => builder.requestFullBuild(), runs)).toEqual([
    [fitted],
    [fitted, { status: "failed", remark: "not on a Monday", results: 1 }],
  ]);
  expect(warnings).toMatchObject([{ fit: "level", remark: "not on a Monday" }]);
  expect(errors).toEqual([]);
});

it("ends at once while a fit is being computed, and computes it after the next start", async () => {
  now = new Date("2026-11-24T02:00:00Z");
  expect(await published(1, () => builder.start(), level)).toEqual([[]]);
  await builder.stop();
  expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
  now = new Date("2026-11-25T02:00:00Z");
  builder = createBuilder();
  expect(await published(2, () => builder.start(), level)).toEqual([[], [{ mean: "12.50", as_of: "2026-11-25 02:00:00" }]]);
});

/** A fit that is kept, and can leave out what came on a day or later: an order of 10 is of October here, one of 15 of a month to come. */
const keptFiles = {
  ...files,
  "models/kept.yml": `version: 2
sources:
  - name: kept
    schema: fits
    tables:
      - name: trend
        meta: { fit: trend, keeps: every_run }
        columns:
          - { name: mean, data_type: "decimal(18,2)" }
          - { name: as_of, data_type: timestamptz }
          - { name: fitted_at, data_type: timestamptz }
      - name: last_trend
        meta: { fit: trend }
        columns:
          - { name: mean, data_type: "decimal(18,2)" }
          - { name: as_of, data_type: timestamptz }
          - { name: fitted_at, data_type: timestamptz }
`,
  "models/fct_trend.sql": `${schema("marts")} select mean, as_of from {{ source('kept', 'trend') }}`,
  "models/fct_last_trend.sql": `${schema("marts")} select mean, as_of from {{ source('kept', 'last_trend') }}`,
  "fits/trend.ts": `export default {
  name: "trend",
  inputs: ["fct_orders"],
  run({ fct_orders: rows }) {
    if (rows.length === 0) return { tables: {}, sample: 0, remark: "nothing yet" };
    const mean = rows.reduce((sum, { amount }) => sum + amount, 0) / rows.length;
    return { tables: { trend: [{ mean: mean.toFixed(2) }], last_trend: [{ mean: mean.toFixed(2) }] }, sample: rows.length, remark: null };
  },
  inputsBefore: ({ fct_orders: rows }, day) => ({ fct_orders: rows.filter(({ amount }) => amount <= Number(day.slice(5, 7))) }),
};
`,
};

it("A2 makes up for months gone by once, from what was there then, where that is wanted", async () => {
  await rm(projectDir, { recursive: true, force: true });
  projectDir = await writeProject(keptFiles);
  builder = createBuilder(3);
  const trend = `select 'kept' as place, mean, cast(as_of at time zone 'UTC' as date)::varchar as day from snap.marts.fct_trend
    union all select 'last', mean, cast(as_of at time zone 'UTC' as date)::varchar from snap.marts.fct_last_trend order by all`;
  const today = [
    { place: "kept", mean: "12.50", day: "2026-11-22" },
    { place: "last", mean: "12.50", day: "2026-11-22" },
  ];
  // Today's first; then those of August, September and October, of which only October had an order to learn from.
  const october = { place: "kept", mean: "10.00", day: "2026-10-01" };
  expect(await published(3, () => builder.start(), trend)).toEqual([[], today, [october, ...today]]);
  await builder.stop();
  builder = createBuilder(3);
  await builder.start();
  expect(await published(1, () => builder.requestFullBuild(), trend)).toEqual([[october, ...today]]);
  expect(errors).toEqual([]);
});
