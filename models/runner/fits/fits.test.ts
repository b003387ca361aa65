import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runModels, type RunOptions, type RunSummary } from "../run-models.ts";
import { queryFile, writeProject } from "../testing.ts";

const sources = `version: 2
sources:
  - name: fits
    schema: fits
    database: "{{ var('fits_database', target.database) }}"
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
        columns: &columns
          - { name: mean, data_type: "decimal(18,2)" }
          - { name: sample, data_type: bigint }
          - { name: as_of, data_type: timestamptz }
          - { name: fitted_at, data_type: timestamptz }
      - name: published_levels
        meta: { fit: level, keeps: every_run }
        columns: *columns
`;

/** The mean of the amounts; throws where one is negative, and has nothing to say of none. */
const fit = `export default {
  name: "level",
  inputs: ["amounts"],
  run({ amounts }) {
    if (amounts.some(({ amount }) => amount < 0)) throw new Error("an amount is negative");
    if (amounts.length === 0) return { tables: {}, sample: 0, remark: "no amounts" };
    const mean = amounts.reduce((sum, { amount }) => sum + amount, 0) / amounts.length;
    const row = { mean: mean.toFixed(2), sample: amounts.length };
    return { tables: { level: [row], published_levels: [row] }, sample: amounts.length, remark: null };
  },
};
`;

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A project whose model `a_level` reads what a fit makes of the model `amounts`; its name comes first, its place in the graph last. */
async function project(): Promise<{
  folder: string;
  database: string;
  run: (amounts: string, day: string, more?: Partial<RunOptions>) => Promise<RunSummary>;
  ask: (sql: string) => Promise<Record<string, unknown>[]>;
}> {
  const folder = await writeProject({
    "models/sources.yml": sources,
    "models/amounts.sql": "",
    "models/a_level.sql": "{{ config(materialized='table') }} select mean, sample from {{ source('fits', 'level') }}",
    "models/a_history.sql": "{{ config(materialized='table') }} select mean, as_of from {{ source('fits', 'published_levels') }}",
    "fits/level.ts": fit,
  });
  folders.push(folder);
  const database = join(folder, "shop.duckdb");
  return {
    folder,
    database,
    async run(amounts, day, more = {}) {
      await writeFile(
        join(folder, "models/amounts.sql"),
        `{{ config(materialized='table') }} select unnest(${amounts}::decimal(18, 2)[]) as amount`,
      );
      return runModels({ command: "build", projectDir: folder, database, targetPath: null, vars: { as_of: `${day}T00:00:00Z` }, ...more });
    },
    ask: (sql) => queryFile(database, sql),
  };
}

const good = { exitCode: 0, error: null };

it("a fit runs after what it reads and before what reads it", async () => {
  const { run, ask } = await project();
  const summary = await run("[1, 2, 6]", "2026-11-22");
  expect(summary).toMatchObject(good);
  expect(summary.results.map(({ name }) => name)[0]).toBe("amounts");
  expect(summary.results).toHaveLength(3);
  expect(await ask("from a_level")).toEqual([{ mean: "3.00", sample: "3" }]);
  expect(await ask("select fit, status, sample, remark, as_of from fits.runs")).toEqual([
    { fit: "level", status: "fitted", sample: "3", remark: null, as_of: expect.stringContaining("2026-11-22") as string },
  ]);
});

it("what a fit reads can be selected by way of its results", async () => {
  const { run } = await project();
  const summary = await run("[1]", "2026-11-22", { command: "ls", select: ["+a_level"] });
  expect(summary.nodes.map(({ name }) => name).sort()).toEqual(["a_level", "amounts"]);
});

it("an empty company has no rows and no error", async () => {
  const { run, ask } = await project();
  expect(await run("[]", "2026-11-22")).toMatchObject(good);
  expect(await ask("from a_level")).toEqual([]);
  expect(await ask("select status, sample, remark from fits.runs")).toEqual([{ status: "fitted", sample: "0", remark: "no amounts" }]);
});

it("a fit that fails stops nothing, keeps the last result with its date, and says so", async () => {
  const { run, ask } = await project();
  await run("[1, 3]", "2026-11-21");
  expect(await run("[-1]", "2026-11-22")).toMatchObject(good);
  expect(await ask("select mean, strftime(as_of at time zone 'UTC', '%d') as day from fits.level")).toEqual([{ mean: "2.00", day: "21" }]);
  expect(await ask("select status, remark, strftime(as_of at time zone 'UTC', '%d') as day from fits.runs order by as_of")).toEqual([
    { status: "fitted", remark: null, day: "21" },
    { status: "failed", remark: "an amount is negative", day: "22" },
  ]);
});

it("rows that don't fit the table are a failure of the fit", async () => {
  const { folder, run, ask } = await project();
  await rm(join(folder, "fits/level.ts"));
  await writeFile(join(folder, "fits/strange.ts"), fit.replace("sample: amounts.length };", "spread: 1 };"));
  expect(await run("[1]", "2026-11-22")).toMatchObject(good);
  expect(await ask("from a_level")).toEqual([]);
  expect(await ask("select status, remark from fits.runs")).toEqual([
    { status: "failed", remark: "fit level: a row of fits.level has spread; its YAML names mean, sample, as_of, fitted_at" },
  ]);
});

it("results that are kept are added to, not for the same cut nor for the same results again", async () => {
  const { run, ask } = await project();
  await run("[1, 3]", "2026-11-20");
  await run("[1, 3]", "2026-11-21");
  await run("[5]", "2026-11-22");
  await run("[5]", "2026-11-22");
  expect(await ask("select mean, strftime(as_of at time zone 'UTC', '%d') as day from a_history order by as_of")).toEqual([
    { mean: "2.00", day: "20" },
    { mean: "5.00", day: "22" },
  ]);
  expect(await ask("from a_level")).toEqual([{ mean: "5.00", sample: "1" }]);
});

it("a column that is new in the YAML is added, and null in what was there", async () => {
  const { folder, run, ask } = await project();
  await run("[1, 3]", "2026-11-20");
  const wider = (text: string): string =>
    text.replace("{ name: mean, ", "{ name: largest, data_type: double }\n          - { name: mean, ");
  await writeFile(join(folder, "models/sources.yml"), wider(sources));
  // Under another name: a module is imported once.
  await rm(join(folder, "fits/level.ts"));
  await writeFile(join(folder, "fits/wider.ts"), fit.replace("sample: amounts.length };", "largest: 1.5, sample: amounts.length };"));
  expect(await run("[8]", "2026-11-21")).toMatchObject(good);
  expect(await ask("select mean, largest from fits.published_levels order by as_of")).toEqual([
    { mean: "2.00", largest: null },
    { mean: "8.00", largest: 1.5 },
  ]);
});

it("results in another database are read, and left as they are", async () => {
  const { folder, database, run, ask } = await project();
  await run("[1, 3]", "2026-11-20");
  const other = join(folder, "other.duckdb");
  const attach = join(folder, "dbt_project.yml");
  await writeFile(attach, `name: shop\nversion: '1.0'\non-run-start: "attach if not exists '${database}' as shop"\n`);
  expect(await run("[7]", "2026-11-21", { database: other, threads: 1, vars: { fits_database: "shop" } })).toMatchObject({ exitCode: 0 });
  expect(await queryFile(other, "from a_level")).toEqual([{ mean: "2.00", sample: "2" }]);
  expect(await ask("select count(*)::int as runs from fits.runs")).toEqual([{ runs: 1 }]);
});

it("says what is wrong with a fit", async () => {
  const { folder, run } = await project();
  const file = join(folder, "fits/level.ts");
  const errorWith = async (text: string, name: string): Promise<string | null> => {
    await rm(file, { force: true });
    await writeFile(join(folder, "fits", name), text);
    const { error } = await run("[1]", "2026-11-22");
    await rm(join(folder, "fits", name));
    return error;
  };
  expect(await errorWith(fit.replace('["amounts"]', '["amonts"]'), "one.ts")).toContain(
    'fit level reads amonts, which is not a model. Did you mean "amounts"?',
  );
  expect(await errorWith(fit.replace('"level"', '"levle"'), "two.ts")).toContain(
    "fit levle has nowhere to write: no source table has meta.fit: levle",
  );
  expect(await errorWith("export default 1;", "three.ts")).toContain("its default export must be a fit: { name, inputs, run }");
  expect(await errorWith("", "three.txt")).toContain("source table fits.level: there is no fit level.");
});
