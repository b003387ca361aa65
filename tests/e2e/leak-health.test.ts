import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Client } from "pg";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeAccount } from "../account.ts";
import { eventually, signIn, signInDemo, type Session } from "../stack.ts";

/** What `/cubejs-api/v1/health` tells of how the figures are built: names of marts and tests, and ids of records that break a rule. */
interface Health {
  marts: { name: string }[];
  tests: { found: { model: string | null }[] };
  quarantine: { reasons: { entity: string; count: number }[]; records: { entity: string; recordId: string }[] };
}

const stack = inject("stack");
const administrator = inject("administrator");
/** Marks what this run makes. */
const mark = `health-${Date.now().toString(36)}`;
const roles = ["executive", "analyst", "sales_manager", "sales_rep", "partner", "finance", "purchaser"] as const;
type Role = (typeof roles)[number];

let sessions: Record<Role, Session>;
let database: Client;

beforeAll(async () => {
  const admin = await signIn(stack, administrator.email, administrator.password);
  const made = async (name: string, granted: string[]): Promise<Session> =>
    (await makeAccount(stack, admin, `${name}-${mark}@example.com`, granted)).session;
  sessions = {
    ...(await signInDemo(stack)),
    partner: await made("partner", ["partner"]),
    finance: await made("finance", ["finance"]),
    purchaser: await made("purchaser", ["purchaser"]),
  };
  const { port, password } = JSON.parse(await readFile(join(stack.dataDir, "runtime.json"), "utf8")) as { port: number; password: string };
  database = new Client({ host: "127.0.0.1", port, password, user: "kehu", database: "kehu" });
  await database.connect();
}, 120_000);
afterAll(() => database?.end());

const healthOf = (role: Role): Promise<Health> => sessions[role].json<Health>("/cubejs-api/v1/health");
const entitiesOf = ({ quarantine: { reasons, records } }: Health): string[] =>
  [...new Set([...reasons, ...records].map(({ entity }) => entity))].toSorted();

/** Of which entities each role is told the records that break a rule: those of which it reads every row. The demo company has faulty orders and opportunities. */
const told: Record<Role, string[]> = {
  executive: ["opportunity", "order"],
  analyst: ["opportunity", "order"],
  sales_manager: [],
  sales_rep: [],
  partner: [],
  finance: ["order"],
  purchaser: [],
};

describe("O2: leak matrix: the health of the figures", () => {
  it.each(roles)(
    "tells %s of those marts only that a statement of theirs can name, and of faults in what they read wholly",
    async (role) => {
      const health = await healthOf(role);
      const { tables } = await sessions[role].json<{ tables: { name: string }[] }>("/api/sql/schema");
      expect(health.marts.map(({ name }) => name).toSorted()).toEqual(tables.map(({ name }) => name).toSorted());
      expect(entitiesOf(health)).toEqual(told[role]);
    },
  );

  it("turns red for a rep without the predicate on orders, and only there", async () => {
    const permit = (rows: string): Promise<unknown> =>
      database.query("update auth.permissions set rows = $1 where role = 'sales_rep' and action = 'read' and entity = 'order'", [rows]);
    const until = (entities: string[]): Promise<true> =>
      eventually(`the faults of ${entities.join(", ") || "nothing"}`, async () =>
        JSON.stringify(entitiesOf(await healthOf("sales_rep"))) === JSON.stringify(entities) ? true : null,
      );
    await permit("all");
    try {
      await until(["order"]);
    } finally {
      await permit("own");
    }
    await until([]);
  });

  it("tells nobody who is not signed in, nor lets them follow the publishes", async () => {
    for (const path of ["/cubejs-api/v1/health", "/api/live"]) expect((await fetch(`${stack.url}${path}`)).status, path).toBe(401);
  });

  it("the event stream of publishes names builds and marts, and no figure", async () => {
    const answer = await sessions.purchaser.fetch("/api/live");
    const reader = answer.body!.getReader();
    const event = new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    const { changed, ...rest } = JSON.parse(/data: (\{.*\})/.exec(event)?.[1] ?? "null") as { changed: string[] };
    expect(Object.keys(rest).toSorted()).toEqual(["build", "freshTo", "lsn"]);
    expect(changed.every((name) => /^\w+$/.test(name))).toBe(true);
  });
});
