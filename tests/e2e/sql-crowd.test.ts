import { beforeAll, describe, expect, inject, it } from "vitest";
import { makeAccount } from "../account.ts";
import { signIn, signInDemo, type Session } from "../stack.ts";

/** What others notice of somebody who asks for too much; how fast dashboards are meanwhile: `npm run bench -- --only sql.crowd`. */
const stack = inject("stack");
const administrator = inject("administrator");
const people = 4;

let analysts: Session[];
let executive: Session;

const post = (session: Session, body: object): Promise<Response> =>
  session.fetch("/api/sql", { method: "POST", body: JSON.stringify(body) });

beforeAll(async () => {
  const admin = await signIn(stack, administrator.email, administrator.password);
  ({ executive } = await signInDemo(stack));
  analysts = [];
  for (let index = 0; index < people; index++)
    analysts.push((await makeAccount(stack, admin, `crowd-${index}-${Date.now()}@example.com`, ["analyst"])).session);
}, 120_000);

describe("P5: many statements and one too large", () => {
  it("only who exhausts memory gets an error, which says what to do; others' statements end and dashboards load", async () => {
    const [greedy, ...others] = analysts as [Session, ...Session[]];
    // Some seconds of a processor each.
    const sql =
      "select count(*), max(line.amount) from fct_order_lines line, range(1000) copies where (line.order_line_key * copies.range) % 7 = 3";
    const long = others.map((session) => post(session, { sql }));
    const exhausting = post(greedy, { sql: "select length(list(range || 'some text that fills memory')::varchar) from range(20000000)" });
    const loaded = await executive.load({ measures: ["orders.amount", "orders.count"], dimensions: ["orders.region"], limit: 9_999 });
    expect(loaded.data.length).toBeGreaterThan(0);
    const refused = await exhausting;
    expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
      422,
      expect.stringMatching(/memory.*Name only the columns you need, filter before joining/) as string,
    ]);
    const answers = await Promise.all(long.map(async (answer) => (await (await answer).json()) as { rows?: string[][]; detail?: string }));
    expect(answers.map(({ detail }) => detail)).toEqual(others.map(() => undefined));
    expect(new Set(answers.map(({ rows }) => JSON.stringify(rows))).size).toBe(1);
    expect((await post(greedy, { sql: "select 1" })).status).toBe(200);
  });
});
