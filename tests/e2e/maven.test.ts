import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../examples/maven-crm/api.ts";
import { parseCsv } from "../../examples/maven-crm/csv.ts";
import { loadMaven, type LoadReport } from "../../examples/maven-crm/load.ts";
import type { Mapping } from "../../examples/maven-crm/records.ts";
import { mavenFigures, type MavenFigures, type MavenGroup } from "../figures/maven.ts";
import { signIn, startStack, untilFresh, type LoadAnswer, type Stack } from "../stack.ts";

const repository = join(import.meta.dirname, "../..");
const folder = join(process.env["KEHU_SHARED_DATA"] ?? join(repository, "../shared/data"), "maven-crm");
const isThere = existsSync(folder);
if (!isThere) console.warn(`maven.test.ts is skipped: ${folder} is not there; KEHU_SHARED_DATA names the folder that holds maven-crm`);

const administrator = { email: "admin@kehu.example", password: "end-to-end-administrator" };
const mappings = parseCsv(readFileSync(join(repository, "examples/maven-crm/key-mapping.csv"), "utf8")) as unknown as Mapping[];

const measures = ["count", "open_count", "won_count", "lost_count", "won_amount", "win_rate", "avg_cycle_days"].map(
  (name) => `opportunities.${name}`,
);

/** Both sides in one notation: money to the cent, rates and days to 9 places. */
const inOneNotation = (group: Record<keyof MavenGroup, string | number | null>): Record<keyof MavenGroup, string | null> => {
  const digits: Record<keyof MavenGroup, number> = { count: 0, open: 0, won: 0, lost: 0, wonAmount: 2, winRate: 9, cycleDays: 9 };
  return Object.fromEntries(
    Object.entries(digits).map(([name, places]) => {
      const value = group[name as keyof MavenGroup];
      return [name, value === null ? null : Number(value).toFixed(places)];
    }),
  ) as Record<keyof MavenGroup, string | null>;
};

const groupOf = (row: Record<string, string | null>): Record<keyof MavenGroup, string | null> => {
  const value = (name: string): string | null => row[`opportunities.${name}`] ?? null;
  return {
    count: value("count"),
    open: value("open_count"),
    won: value("won_count"),
    lost: value("lost_count"),
    wonAmount: value("won_amount"),
    winRate: value("win_rate"),
    cycleDays: value("avg_cycle_days"),
  };
};

const allInOneNotation = (groups: Record<string, Record<keyof MavenGroup, string | number | null>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(groups).map(([key, group]) => [key, inOneNotation(group)]));

describe.skipIf(!isThere)("a real pipeline, from its files to /cubejs-api", () => {
  let stack: Stack;
  let load: (query: object) => Promise<LoadAnswer>;
  let report: LoadReport;
  let expected: MavenFigures;

  beforeAll(async () => {
    // As the example's README says to start it.
    stack = await startStack({
      env: {
        KEHU_DEMO: "0",
        KEHU_CURRENCY: "USD",
        KEHU_TIMEZONE: "America/New_York",
        KEHU_ADMIN_EMAIL: administrator.email,
        KEHU_ADMIN_PASSWORD: administrator.password,
      },
    });
    let lsn = "0/0";
    const api = await connect(stack.url, administrator, async (...request) => {
      const response = await fetch(...request);
      lsn = response.headers.get("kehu-commit") ?? lsn;
      return response;
    });
    [report, expected] = await Promise.all([loadMaven(api, folder, mappings), mavenFigures(folder)]);
    const session = await signIn(stack, administrator.email, administrator.password);
    await untilFresh(stack, lsn);
    load = (query) => session.load(query, { "kehu-wait-for": lsn });
  });

  afterAll(() => stack?.stop());

  /** The figures of each group, by the value of `dimension`. */
  const groupsBy = async (dimension: string): Promise<Record<string, Record<keyof MavenGroup, string | null>>> => {
    const { data } = await load({ measures, dimensions: [dimension] });
    return Object.fromEntries(data.map((row) => [row[dimension] ?? "none", groupOf(row)]));
  };

  it("accounts for all 8,800 deals, in quarantine or loaded", () => {
    const { firstPass, replay } = report;
    expect(firstPass.loaded + firstPass.quarantined.length).toBe(8_800);
    expect(firstPass.quarantined.length).toBe(expected.misspeltProduct);
    expect(new Set(firstPass.quarantined.map(({ field }) => field))).toEqual(new Set(["product_external_id"]));
    expect(replay).toMatchObject({ loaded: expected.misspeltProduct, quarantined: [] });
  });

  it("in total", async () => {
    const { data } = await load({ measures });
    expect(inOneNotation(groupOf(data[0]!))).toEqual(inOneNotation(expected.total));
    expect(expected.total.wonAmount).toBe("10005534.00");
  });

  it("by outcome and stage", async () => {
    const { data } = await load({ measures: ["opportunities.count"], dimensions: ["opportunities.stage"] });
    const byStage = Object.fromEntries(data.map((row) => [row["opportunities.stage"], Number(row["opportunities.count"])]));
    expect(byStage).toEqual(Object.fromEntries(Object.entries(expected.byStage).map(([stage, count]) => [stage.toLowerCase(), count])));
  });

  it("by agent", async () => {
    const withDeals = Object.entries(expected.byAgent).filter(([, { count }]) => count > 0);
    expect(await groupsBy("opportunities.owner").then(allInOneNotation)).toEqual(allInOneNotation(Object.fromEntries(withDeals)));
  });

  it("by manager", async () => {
    expect(await groupsBy("opportunities.manager").then(allInOneNotation)).toEqual(allInOneNotation(expected.byManager));
  });

  it("by regional office", async () => {
    expect(await groupsBy("opportunities.department").then(allInOneNotation)).toEqual(allInOneNotation(expected.byRegion));
  });

  it("by product", async () => {
    expect(await groupsBy("opportunities.product").then(allInOneNotation)).toEqual(allInOneNotation(expected.byProduct));
  });

  it("by quarter of the close", async () => {
    const dateRange = ["2016-10-01", "2017-12-31"];
    const { data } = await load({
      measures,
      timeDimensions: [{ dimension: "opportunities.closed_at", granularity: "quarter", dateRange }],
    });
    const quarterOf = (instant: string): string => `${instant.slice(0, 4)}-Q${Math.ceil(Number(instant.slice(5, 7)) / 3)}`;
    const quarters = data.map((row) => [quarterOf(row["opportunities.closed_at.quarter"] ?? ""), groupOf(row)] as const);
    const closed = Object.fromEntries(quarters.filter(([, { count }]) => Number(count) > 0));
    expect(allInOneNotation(closed)).toEqual(allInOneNotation(expected.byQuarter));
  });

  it("keeps open deals without an account", async () => {
    const { data } = await load({
      measures: ["opportunities.count"],
      filters: [{ member: "opportunities.customer", operator: "notSet" }],
    });
    expect(Number(data[0]?.["opportunities.count"])).toBe(expected.openWithoutAccount);
  });

  it("shows all 35 agents on the leaderboard, those without a deal with 0", async () => {
    const { data } = await load({
      measures: ["leaderboard.won_amount"],
      dimensions: ["leaderboard.employee"],
      timeDimensions: [{ dimension: "leaderboard.month", dateRange: ["2016-10-01", "2017-12-31"] }],
    });
    const shown = Object.fromEntries(data.map((row) => [row["leaderboard.employee"], Number(row["leaderboard.won_amount"]).toFixed(2)]));
    const wonAmounts = Object.entries(expected.byAgent).map(([agent, { wonAmount }]) => [agent, wonAmount]);
    expect(shown).toEqual(Object.fromEntries(wonAmounts));
    expect(expected.agentsWithoutDeal).toHaveLength(5);
    for (const agent of expected.agentsWithoutDeal) expect(shown[agent]).toBe("0.00");
  });
});
