import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runModels } from "../runner/run-models.ts";
import { queryFile, writeProject } from "../runner/testing.ts";
import { expectedPurchases, fitBgNbd, probabilityAlive } from "./numerics/bg-nbd.ts";
import { expectedSpend, fitGammaGamma } from "./numerics/gamma-gamma.ts";

/** The purchases of CDNOW's customers, and what Fader and Hardie published about them. */
const folder = join(process.env["KEHU_SHARED_DATA"] ?? join(import.meta.dirname, "../../../shared/data"), "cdnow");
const isThere = existsSync(folder);
if (!isThere) console.warn(`cdnow.test.ts is skipped: ${folder} is not there; KEHU_SHARED_DATA names the folder that holds cdnow`);

const macro = join(import.meta.dirname, "../macros/purchase_history.sql");
const endOfCalibration = "1997-09-30";

interface Summary {
  id: number;
  repeats: number;
  recency: number;
  age: number;
  meanValue: number | null;
}

async function published(): Promise<Summary[]> {
  const text = await readFile(join(folder, "cdnow_customers_summary_with_transactions.csv"), "utf8");
  return text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(",").map(Number))
    .map(([id = 0, repeats = 0, recency = 0, age = 0, meanValue = 0]) => ({ id, repeats, recency, age, meanValue }));
}

/** The same from the purchases, by the macro that the model of every company uses. */
async function computed(): Promise<Summary[]> {
  const projectDir = await writeProject({
    "macros/purchase_history.sql": await readFile(macro, "utf8"),
    "models/purchases.sql": `
      select
        cast(substr(line, 8, 4) as integer) as customer,
        strptime(substr(line, 13, 8), '%Y%m%d')::date as bought_on,
        cast(trim(substr(line, 24)) as decimal(18, 2)) as amount
      from read_csv('${join(folder, "CDNOW_sample.txt")}', columns = {'line': 'varchar'}, header = false, delim = '\\t')`,
    "models/summary.sql": `{{ purchase_history(ref('purchases'), 'customer', 'bought_on', 'amount', "date '${endOfCalibration}'") }}`,
  });
  const database = join(projectDir, "cdnow.duckdb");
  const summary = await runModels({ command: "build", projectDir, database, targetPath: null });
  expect(summary).toMatchObject({ exitCode: 0, error: null });
  const rows = await queryFile(database, "select *, (select count(*) from purchases) as purchases from summary order by customer");
  await rm(projectDir, { recursive: true });
  expect(rows[0]?.purchases).toBe("6919");
  return rows.map((row) => ({
    id: Number(row.customer),
    repeats: Number(row.repeat_count),
    recency: Number(row.recency_weeks),
    age: Number(row.age_weeks),
    meanValue: row.mean_repeat_value === null ? null : Number(row.mean_repeat_value),
  }));
}

describe.skipIf(!isThere)("CDNOW", () => {
  let ours: Summary[];

  beforeAll(async () => {
    ours = await computed();
  });

  it("A4 the summary of all 2,357 customers is the published one, row by row", async () => {
    const theirs = await published();
    expect(theirs).toHaveLength(2357);
    expect(ours.map(({ id }) => id)).toEqual(theirs.map(({ id }) => id));
    const differing = ours.filter((one, index) => {
      const other = theirs[index];
      if (!other || one.repeats !== other.repeats) return true;
      const near = (left: number, right: number): boolean => Math.abs(left - right) <= 0.005 + 1e-9;
      return !near(one.recency, other.recency) || !near(one.age, other.age) || !near(one.meanValue ?? 0, other.meanValue ?? 0);
    });
    expect(differing).toEqual([]);
  });

  it("A4 BG/NBD has the published parameters and likelihood", () => {
    const fit = fitBgNbd(ours);
    expect(fit.converged).toBe(true);
    expect(Math.abs(fit.r - 0.2426)).toBeLessThan(0.001);
    expect(Math.abs(fit.alpha - 4.4136)).toBeLessThan(0.01);
    expect(Math.abs(fit.a - 0.7929)).toBeLessThan(0.001);
    expect(Math.abs(fit.b - 2.4259)).toBeLessThan(0.002);
    expect(Math.abs(fit.logLikelihood + 9582.43)).toBeLessThan(0.01);
  });

  it("A4 expected purchases of the paper's example customer", () => {
    // Fader, Hardie and Lee's note on the model in a spreadsheet: x = 2, t_x = 30.43, T = 38.86 buys 1.226 times in the next 39 weeks.
    const parameters = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
    const customer = { repeats: 2, recency: 30.43, age: 38.86 };
    expect(expectedPurchases(parameters, customer, 39)).toBeCloseTo(1.226, 3);
    expect(probabilityAlive(parameters, { repeats: 0, recency: 0, age: 38.86 })).toBe(1);
    expect(probabilityAlive(parameters, { ...customer, recency: 5 })).toBeLessThan(probabilityAlive(parameters, customer));
  });

  it("A4 Gamma-Gamma has the published parameters and likelihood", () => {
    const spendings = ours.flatMap(({ repeats, meanValue }) => (repeats > 0 && meanValue ? [{ repeats, meanValue }] : []));
    expect(spendings).toHaveLength(946);
    const fit = fitGammaGamma(spendings);
    expect(fit.converged).toBe(true);
    expect(Math.abs(fit.p - 6.25)).toBeLessThan(0.01);
    expect(Math.abs(fit.q - 3.74)).toBeLessThan(0.01);
    expect(Math.abs(fit.v - 15.44)).toBeLessThan(0.02);
    expect(Math.abs(fit.logLikelihood + 4055.92)).toBeLessThan(0.01);
    // Of a customer yet unknown: p v / (q - 1).
    expect(expectedSpend(fit, { repeats: 0, meanValue: 0 })).toBeCloseTo((fit.p * fit.v) / (fit.q - 1), 9);
    expect(expectedSpend({ p: 1, q: 0.5, v: 1 }, { repeats: 0, meanValue: 0 })).toBeNull();
  });
});
