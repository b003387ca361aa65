import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import {
  levels,
  pipelineGoals,
  targetsOfPeople,
  targetsOfWholeDepartments,
  type ByDepartment,
  type Months,
} from "../figures/department-targets.ts";
import { headlineFigures, type HeadlineFigures } from "../figures/headline.ts";
import { signInDemo, untilFresh, type Session } from "../stack.ts";

const stack = inject("stack");

/** The stack runs with the default KEHU_TIMEZONE. */
const timezone = "Asia/Shanghai";

const roles = ["executive", "analyst", "sales_manager", "sales_rep"] as const;
type Role = (typeof roles)[number];

/** Both ends included. A running period ends today: activity is counted up to the day, not to a day to come. */
interface Period {
  name: string;
  from: string;
  to: string;
}

const day = new Intl.DateTimeFormat("en-CA", { timeZone: timezone }).format(new Date());
const year = Number(day.slice(0, 4));
const periods: Period[] = [
  { name: "this month", from: `${day.slice(0, 7)}-01`, to: day },
  { name: "this year", from: `${year}-01-01`, to: day },
  { name: "a past year", from: `${year - 1}-01-01`, to: `${year - 1}-12-31` },
];

let sessions: Record<Role, Session>;
let database: Client;
/** Where the log stood when the tests began. */
let lsn: string;
/** Ids of the employees whose rows the role sees; undefined: everybody's. */
let visibleTo: Record<Role, string[] | undefined>;

beforeAll(async () => {
  sessions = await signInDemo(stack);
  const { port, password } = JSON.parse(await readFile(join(stack.dataDir, "runtime.json"), "utf8")) as { port: number; password: string };
  database = new Client({ host: "127.0.0.1", port, password, user: "kehu", database: "kehu" });
  await database.connect();
  const me = (role: Role): Promise<{ employee_id: string; department_id: string }> => sessions[role].json("/api/v1/me");
  const { rows } = await database.query<{ id: string }>(
    `with recursive below as (
       select id from crm.departments where id = $1
       union select departments.id from crm.departments join below on departments.parent_id = below.id where deleted_at is null
     )
     select employees.id from crm.employees where department_id in (select id from below) and deleted_at is null`,
    [(await me("sales_manager")).department_id],
  );
  visibleTo = {
    executive: undefined,
    analyst: undefined,
    sales_manager: rows.map(({ id }) => id),
    sales_rep: [(await me("sales_rep")).employee_id],
  };
  // Whatever other tests wrote before is in both.
  const written = await database.query<{ lsn: string }>("select pg_current_wal_lsn() as lsn");
  lsn = written.rows[0]!.lsn;
  await untilFresh(stack, lsn);
});

afterAll(() => database?.end());

/** The measures as a dashboard asks for them. */
async function semanticFigures(session: Session, { from, to }: Period): Promise<Record<keyof HeadlineFigures, string | null>> {
  const ask = async (measures: string[], time?: string, filters: object[] = []): Promise<Record<string, string | null>> => {
    const timeDimensions = time ? [{ dimension: time, dateRange: [from, to] }] : [];
    return (await session.load({ measures, timeDimensions, filters }, { "kehu-wait-for": lsn })).data[0] ?? {};
  };
  const equals = (member: string, value: string): object => ({ member, operator: "equals", values: [value] });
  const attained = (level: string): Promise<Record<string, string | null>> =>
    ask(["targets.attainment"], "targets.month", [equals("targets.measure", "order_amount"), equals("targets.level", level)]);
  const [orders, receipts, closed, activity, customers, open, goal, stretch, challenge] = await Promise.all([
    ask(["orders.amount", "orders.count"], "orders.ordered_at"),
    ask(["receipts.amount"], "receipts.received_at"),
    ask(["opportunities.won_amount", "opportunities.win_rate"], "opportunities.closed_at"),
    ask(["customers.new_count", "customers.active_count"], "customers.period"),
    ask(["customers.count"]),
    ask(["opportunities.open_amount"]),
    attained("goal"),
    attained("stretch"),
    attained("challenge"),
  ]);
  return {
    orderAmount: orders["orders.amount"] ?? null,
    orderCount: orders["orders.count"] ?? null,
    receiptAmount: receipts["receipts.amount"] ?? null,
    wonAmount: closed["opportunities.won_amount"] ?? null,
    winRate: closed["opportunities.win_rate"] ?? null,
    newCustomers: activity["customers.new_count"] ?? null,
    activeCustomers: activity["customers.active_count"] ?? null,
    customerCount: customers["customers.count"] ?? null,
    openPipeline: open["opportunities.open_amount"] ?? null,
    attainment: goal["targets.attainment"] ?? null,
    stretchAttainment: stretch["targets.attainment"] ?? null,
    challengeAttainment: challenge["targets.attainment"] ?? null,
  };
}

const money = ["orderAmount", "receiptAmount", "wonAmount", "openPipeline"] as const;
const counts = ["orderCount", "newCustomers", "customerCount", "activeCustomers"] as const;
const rates = ["winRate", "attainment", "stretchAttainment", "challengeAttainment"] as const;

/** Both sides in one notation: money with cents (a sum over no rows is none), counts whole, rates to 12 places. */
const comparable = (figures: Record<keyof HeadlineFigures, string | number | null>): Record<string, string | null> =>
  Object.fromEntries([
    ...money.map((name) => {
      const [whole = "0", cents = ""] = String(figures[name] ?? "0").split(".");
      return [name, `${whole}.${cents.padEnd(2, "0")}`];
    }),
    ...counts.map((name) => [name, String(figures[name] ?? 0)]),
    ...rates.map((name) => [name, figures[name] === null ? null : Number(figures[name]).toFixed(12)]),
  ]) as Record<string, string | null>;

describe.each(roles)("headline figures of Postgres and of the semantic layer: %s", (role) => {
  it.each(periods)("$name", async (period) => {
    const owners = visibleTo[role];
    const postgres = comparable(await headlineFigures(database, { ...period, timezone, ...(owners ? { visibleTo: owners } : {}) }));
    expect(Object.values(postgres).filter((value) => value !== null && Number(value) !== 0).length).toBeGreaterThan(5);
    const semantic = comparable(await semanticFigures(sessions[role], period));
    expect(semantic).toEqual(postgres);
  });
});

describe("A8 targets of departments, as pages show them, and in Postgres", () => {
  const pastYear: Months = { from: `${year - 1}-01-01`, to: `${year - 1}-12-31`, timezone };
  const range = { dimension: "", dateRange: [pastYear.from, pastYear.to] };
  const cents = (value: string | null | undefined): string => {
    const [whole = "0", fraction = ""] = (value ?? "0").split(".");
    return `${whole}.${fraction.padEnd(2, "0")}`;
  };
  /** The view's figures by department, without those that are all 0. */
  const shown = async (view: string, measures: Record<string, string>, query: object): Promise<ByDepartment> => {
    const names = Object.values(measures).map((name) => `${view}.${name}`);
    const asked = { measures: names, dimensions: [`${view}.department_id`], ...query };
    const { data } = await sessions.executive.load(asked, { "kehu-wait-for": lsn });
    const rows = data.map((row): [string, Record<string, string>] => [
      row[`${view}.department_id`] ?? "",
      Object.fromEntries(Object.entries(measures).map(([key, name]) => [key, cents(row[`${view}.${name}`])])),
    ]);
    return Object.fromEntries(rows.filter(([, amounts]) => Object.values(amounts).some((amount) => Number(amount) !== 0)));
  };

  it("of whole departments in each tier, and what was sold by them and below them", async () => {
    const expected = await targetsOfWholeDepartments(database, pastYear);
    for (const level of levels) {
      expect(Object.keys(expected[level] ?? {}).length).toBeGreaterThan(3);
      const filters = Object.entries({ measure: "order_amount", level, target_for: "department" }).map(([name, value]) => ({
        member: `targets.${name}`,
        operator: "equals",
        values: [value],
      }));
      const query = { filters, timeDimensions: [{ ...range, dimension: "targets.month" }] };
      expect(await shown("targets", { target: "target_amount", actual: "actual_amount" }, query)).toEqual(expected[level]);
    }
  });

  it("of its people, spread over workdays, on the page of performance", async () => {
    const expected = await targetsOfPeople(database, pastYear);
    expect(Object.keys(expected).length).toBeGreaterThan(3);
    const measures = { goal: "goal_amount", stretch: "stretch_amount", challenge: "challenge_amount" };
    expect(await shown("performance", measures, { timeDimensions: [{ ...range, dimension: "performance.day" }] })).toEqual(expected);
  });

  it("of the months to come, on the page of the funnel", async () => {
    const expected = await pipelineGoals(database, `${day.slice(0, 7)}-01`);
    expect(Object.keys(expected).length).toBeGreaterThan(3);
    expect(await shown("pipeline_coverage", { target: "target_amount" }, {})).toEqual(expected);
  });
});

describe("a table of everybody, deal or no deal", () => {
  interface Tile {
    content: { keys: (string | null)[] };
  }
  const listed = async (role: Role): Promise<(string | null)[]> => {
    const tiles = await sessions[role].json<Record<string, Tile>>("/dashboards/pipeline/tiles?tiles=by-agent&period=last-year");
    return tiles["by-agent"]?.content.keys ?? [];
  };

  it("says 0 of nobody whose deals the reader does not see", async () => {
    const [everybody, team, own] = await Promise.all([listed("executive"), listed("sales_manager"), listed("sales_rep")]);
    expect(everybody.length).toBeGreaterThan(team.length);
    // A deal of a customer the reader owns may be a stranger's; it is then shown with its figures, not with 0.
    const strangers = (keys: (string | null)[], role: Role): Promise<boolean[]> =>
      Promise.all(
        keys
          .filter((key) => !visibleTo[role]?.includes(key ?? ""))
          .map(async (key) => {
            const filters = [{ member: "opportunities.owner_id", operator: "equals", values: [key] }];
            const { data } = await sessions[role].load({ measures: ["opportunities.count"], filters });
            return Number(data[0]?.["opportunities.count"]) > 0;
          }),
      );
    expect(await strangers(team, "sales_manager")).not.toContain(false);
    expect(await strangers(own, "sales_rep")).not.toContain(false);
    expect(own).toContain(visibleTo.sales_rep?.[0]);
  });
});
