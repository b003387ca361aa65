/** What ends a statement, and whom that concerns. */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, afterEach, expect, test } from "vitest";
import { companyMarts, companySql, rep } from "../policy.fixture.ts";
import { scopeWith } from "../testing.ts";
import { limitsOf } from "./limits.ts";
import { people, startCompany, type Company } from "./testing.ts";

const endless = "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3";
const started: Company[] = [];
const start = async (given: Parameters<typeof startCompany>[0] = {}): Promise<Company> => {
  const company = await startCompany(given);
  started.push(company);
  return company;
};
afterEach(async () => {
  for (const company of started.splice(0)) await company.app.close();
});
/** A machine that others use too takes its time. */
const soon = <T>(check: () => T) => expect.poll(check, { timeout: 60_000 });
const original = people["rep"]!;
afterAll(() => {
  people["rep"] = original;
});

/** Runs until another request of the same user with this id is refused, so it is running. */
const untilRunning = (company: Company, who: string, id: string): Promise<void> =>
  soon(async () => (await company.ask(who, "select 1", { id })).detail).toContain("is running");

/** The processes that this one started for SQL. */
const workers = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = / (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.slice(1) ?? "")?.[1];
        return parent === String(process.pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("sandbox/worker.ts");
      } catch {
        return false; // ended while we looked
      }
    });

test("a statement beyond its time says what to do", async () => {
  const company = await start({ options: { limitsOf: (roles) => ({ ...limitsOf(roles), seconds: 1 }) } });
  await company.ask("rep", "select 1");
  const answer = await company.ask("rep", endless);
  expect([answer.status, answer.detail]).toEqual([422, expect.stringMatching(/within your 1 seconds.*Restrict it to a period/)]);
  expect((await company.ask("rep", "select 1")).rows).toEqual([[1]]);
});

test("a statement that exhausts its memory says what to do; another user's goes on", async () => {
  const company = await start({ options: { memoryMiB: 1_280, limitsOf: (roles) => ({ ...limitsOf(roles), seconds: 300 }) } });
  const other = company.ask("analyst", endless, { id: "other-0001" });
  await untilRunning(company, "analyst", "other-0001");
  const answer = await company.ask("rep", "select length(list(range || 'some text that fills memory')::varchar) from range(20000000)");
  expect([answer.status, answer.detail]).toEqual([422, expect.stringMatching(/128 MB.*columns you need/)]);
  expect((await company.ask("rep", "select count(*) from fct_orders")).rows).toEqual([["2"]]);
  await company.app.request("/api/sql/other-0001", { method: "DELETE", headers: { "x-caller": "analyst" } });
  expect((await other).status).toBe(499);
});

test.runIf(process.platform === "linux")(
  "a process that is killed ends its user's statements only, and the next statement gets another",
  async () => {
    const company = await start();
    await company.ask("rep", "select 1");
    const running = company.ask("analyst", endless, { id: "victim-001" });
    await untilRunning(company, "analyst", "victim-001");
    // The analyst's is the one that takes processor time; the rep's and the spare one rest.
    const ticks = (pid: number): number => Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")[11]);
    const first = new Map(workers().map((pid) => [pid, ticks(pid)]));
    let victim: number | undefined;
    await soon(() => (victim = [...first].find(([pid, before]) => ticks(pid) - before > 50)?.[0])).toBeDefined();
    process.kill(victim!, "SIGKILL");
    const answer = await running;
    expect([answer.status, answer.detail]).toEqual([503, expect.stringContaining("only your own statements are affected")]);
    expect((await company.ask("rep", "select count(*) from fct_orders")).rows).toEqual([["2"]]);
    expect((await company.ask("analyst", "select count(*) from fct_orders")).rows).toEqual([["6"]]);
  },
);

test.runIf(process.platform === "linux")("every thread of a process that runs SQL goes after the dashboards'", async () => {
  const company = await start();
  await company.ask("rep", "select count(*) from fct_orders");
  const running = company.ask("rep", endless, { id: "lowly-0001" });
  await untilRunning(company, "rep", "lowly-0001");
  const priorities = (): number[] =>
    workers().flatMap((pid) =>
      readdirSync(`/proc/${pid}/task`).map((thread) =>
        Number(readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8").split(") ")[1]!.split(" ")[16]),
      ),
    );
  // The one that waits for the next user may just be starting.
  await soon(() => priorities().filter((priority) => priority < 19)).toEqual([]);
  expect(priorities().length).toBeGreaterThan(10);
  await company.app.request("/api/sql/lowly-0001", { method: "DELETE", headers: { "x-caller": "rep" } });
  await running;
});

test.each(["rep", "executive"])(
  "a new snapshot while a statement of the %s runs: it ends on the old one, the next reads the new",
  // A machine that others use gives the lowest priority next to nothing: neither the statement nor the test may be against the clock.
  { timeout: 300_000 },
  async (who) => {
    const company = await start({ options: { limitsOf: (roles) => ({ ...limitsOf(roles), seconds: 300 }) } });
    const sql =
      "select max(order_key), (select count(*) from range(200000) a, range($1::bigint) b where a.range * b.range % 7 = 3) from fct_orders where owner_key = 1";
    // From here on the text is known: the statement takes its database at once, and none that comes later takes one before it.
    const little = 10;
    await company.ask(who, sql, { params: [little] });
    const before = performance.now();
    expect((await company.ask(who, sql, { params: [little] })).rows[0]?.[0]).toBe(12);
    // About two seconds at the speed of now.
    const much = Math.max(little, Math.round((little * 2_000) / (performance.now() - before)));
    const running = company.ask(who, sql, { id: "long-0001", params: [much] });
    await untilRunning(company, who, "long-0001");
    // One after the other in the same process: when this has its answer, the one before has its database.
    await company.ask(who, "select count(*) from fct_orders");
    await company.publish(
      "b2",
      `${companySql} insert into marts.fct_orders values (13, 1, 1, 1, 100, '2026-07-07', '2026-07-07 00:00:00+00');`,
    );
    await expect
      .poll(async () => (await company.ask(who, "select max(order_key) from fct_orders where owner_key = 1")).rows, { timeout: 200_000 })
      .toEqual([[13]]);
    const answer = await running;
    expect([answer.status, answer.build, answer.rows?.[0]?.[0]]).toEqual([200, "b1", 12]);
  },
);

test("a copy is made again only when a mart it came from was", async () => {
  const company = await start();
  const folders = (): string[] =>
    readdirSync(company.folder, { recursive: true })
      .map(String)
      .filter((name) => name.split("/").length === 2);
  await company.ask("rep", "select count(*) from fct_orders");
  const [first] = folders();
  await company.publish(
    "b2",
    companySql,
    companyMarts.map((mart) => ({ ...mart, version: "b1" })),
  );
  await soon(async () => (await company.ask("rep", "select count(*) from fct_orders")).build).toBe("b2");
  expect(folders()).toEqual([first]);
  await company.publish("b3");
  await soon(async () => (await company.ask("rep", "select count(*) from fct_orders")).build).toBe("b3");
  await soon(folders).not.toContain(first);
});

test("other rights of the same user begin with nothing of the former", async () => {
  const company = await start();
  expect((await company.ask("rep", "select count(*) from fct_orders")).rows).toEqual([["2"]]);
  people["rep"] = { ...original, scope: { ...rep, grants: { ...rep.grants, read: {} }, version: "less" } };
  expect((await company.ask("rep", "select count(*) from fct_orders")).status).toBe(403);
  people["rep"] = { ...original, scope: scopeWith("more", { order: { rows: "all" } }) };
  expect((await company.ask("rep", "select count(*) from fct_orders")).rows).toEqual([["6"]]);
  people["rep"] = original;
  expect((await company.ask("rep", "select count(*) from fct_orders")).rows).toEqual([["2"]]);
});

test("more users than places share them", async () => {
  const company = await start({ options: { limitsOf: (roles) => ({ ...limitsOf(roles), seconds: 200 }) } });
  for (let user = 0; user < 12; user++) expect((await company.ask(`rep ${user}`, "select count(*) from fct_orders")).rows).toEqual([["2"]]);
});

test("a statement that waits too long for its turn says why, and one that gets it has its whole time", async () => {
  const company = await start({ options: { crowd: { atOnce: 1, waitSeconds: 2 } } });
  const long = company.ask("analyst", endless, { id: "crowd-0001" });
  await untilRunning(company, "analyst", "crowd-0001");
  const answer = await company.ask("rep", "select count(*) from fct_orders");
  expect([answer.status, answer.detail]).toEqual([503, expect.stringMatching(/1 run at a time.*waited 2 seconds.*try again/) as string]);
  const next = company.ask("rep", "select count(*) from fct_orders");
  await company.app.request("/api/sql/crowd-0001", { method: "DELETE", headers: { "x-caller": "analyst" } });
  expect((await next).rows).toEqual([["2"]]);
  expect((await long).status).toBe(499);
});
