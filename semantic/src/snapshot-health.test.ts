import { afterAll, beforeAll, expect, test } from "vitest";
import type { SemanticApp } from "./app.ts";
import { companyMarts, companyModel, companySql, executive, rep } from "./policy.fixture.ts";
import type { ServedBuild } from "./reader.ts";
import type { SnapshotHealth } from "./snapshot-health.ts";
import { manualSource, newFolder, silent, startSemantic, writeModel, writeSnapshot } from "./testing.ts";

const folder = newFolder();
const source = manualSource(null);
const callers = { rep: { scope: rep, locale: "en" as const }, executive: { scope: executive, locale: "en" as const } };
let app: SemanticApp;

const health = async (caller: string): Promise<SnapshotHealth & { build: string; builds: ServedBuild[] }> => {
  const response = await app.request("/cubejs-api/v1/health", { headers: { "x-caller": caller } });
  expect(response.status).toBe(200);
  return (await response.json()) as SnapshotHealth & { build: string; builds: ServedBuild[] };
};

const said = `create schema if not exists meta;
  create table meta.builds (build varchar, started_at timestamptz, finished_at timestamptz);
  insert into meta.builds values ('b1', '2026-07-15T03:59:50Z', '2026-07-15T04:00:01Z');
  create table meta.quarantine (entity varchar, record_id varchar, reason varchar);
  insert into meta.quarantine select 'order', 'o' || lpad(i::varchar, 2, '0'), 'order without lines' from range(25) as made (i);
  insert into meta.quarantine values ('contract', 'c1', 'no exchange rate for USD');
  create table meta.self_checks (checked_at timestamptz, tables bigint, drifts bigint);
  insert into meta.self_checks values ('2026-07-15T00:00:05Z', 40, 1)`;

beforeAll(async () => {
  const marts = companyMarts.map((mart) =>
    mart.name === "fct_orders"
      ? { ...mart, failing: true, freshTo: "2026-07-15T03:00:00Z" }
      : mart.name === "rpt_leaderboard"
        ? { ...mart, failing: true }
        : mart,
  );
  source.publish(await writeSnapshot(folder, "b1", `${companySql};${said}`, marts));
  app = await startSemantic({ modelDir: writeModel(folder, companyModel), snapshots: source, logger: silent }, callers);
});
afterAll(() => app.close());

test("a snapshot says how fresh each granted mart is, what its tests found and how its self-check ended", async () => {
  const { marts, tests, selfCheck, build } = await health("executive");
  expect(build).toBe("b1");
  expect(marts.find(({ name }) => name === "fct_orders")).toEqual({
    name: "fct_orders",
    freshTo: "2026-07-15T03:00:00.000Z",
    rebuiltIn: "b1",
    failing: true,
  });
  expect(marts.find(({ name }) => name === "dim_regions")?.freshTo).toBe("2026-07-15T04:00:00Z");
  expect(tests.count).toBe(2);
  expect(tests.found.map(({ model }) => model)).toEqual(["fct_orders", "rpt_leaderboard"]);
  expect(selfCheck).toEqual({ checkedAt: "2026-07-15T00:00:05.000Z", tables: 40, drifts: 1 });
});

test("quarantined records are for who reads every row of their entity, marts and tests for who reads the mart", async () => {
  const all = await health("executive");
  expect(all.quarantine?.reasons).toEqual([{ entity: "order", reason: "order without lines", count: 25 }]);
  expect(all.quarantine?.records).toHaveLength(20);
  const own = await health("rep");
  expect(own.quarantine).toEqual({ reasons: [], records: [] });
  expect(own.marts.map(({ name }) => name)).not.toContain("rpt_leaderboard");
  expect(own.tests.found.map(({ model }) => model)).toEqual(["fct_orders"]);
});

test("builds are remembered, newest first, with when they began", async () => {
  source.publish({ ...(await writeSnapshot(folder, "b2", companySql, companyMarts)), failedTests: 3, changed: ["fct_orders"] });
  await expect.poll(async () => (await health("rep")).build).toBe("b2");
  const { builds, quarantine, selfCheck } = await health("executive");
  expect(builds).toEqual([
    { build: "b2", startedAt: null, finishedAt: "2026-07-15T04:00:01Z", failedTests: 3, changed: 1 },
    { build: "b1", startedAt: "2026-07-15T03:59:50.000Z", finishedAt: "2026-07-15T04:00:01Z", failedTests: 0, changed: 0 },
  ]);
  expect({ quarantine, selfCheck }).toEqual({ quarantine: null, selfCheck: null });
});
