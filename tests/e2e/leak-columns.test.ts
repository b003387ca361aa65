import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { plant, type Planted } from "../plant.ts";
import { eventually, signIn, signInDemo, untilFresh, type Session } from "../stack.ts";
import { workbookText } from "../workbook.ts";

/** Every way on which a customer's name leaves, with the name shown, masked and hidden: and that the rule alone holds it. */
const stack = inject("stack");
const administrator = inject("administrator");

let admin: Session;
let rep: Session;
let planted: Planted;
const made = new Set<string>();

const askRule = async (visibility: string, entity: string, column_name: string): Promise<string> => {
  const rule = { role: "sales_rep", entity, column_name, visibility };
  const answer = await admin.json<{ id: string }>("/api/v1/column-rules", { method: "POST", body: JSON.stringify(rule) });
  made.add(answer.id);
  return answer.id;
};
const takeAway = async (id: string): Promise<void> => {
  const answer = await admin.fetch(`/api/v1/column-rules/${id}`, { method: "DELETE", headers: { "if-match": "*" } });
  if (answer.status !== 204) throw new Error(`DELETE of a rule: ${answer.status} ${await answer.text()}`);
  made.delete(id);
};

beforeAll(async () => {
  rep = (await signInDemo(stack)).sales_rep;
  admin = await signIn(stack, administrator.email, administrator.password);
  const me = await rep.json<{ employee_id: string; department_id: string }>("/api/v1/me");
  const found = await plant(admin, { id: me.employee_id, department_id: me.department_id }, "LEAK-COLUMN", "2032-01-01");
  planted = found;
  await untilFresh(stack, found.lsn);
}, 300_000);
afterAll(async () => {
  for (const id of made) await takeAway(id);
});

const textOf = async (path: string, init?: RequestInit): Promise<{ status: number; text: string }> => {
  const answer = await rep.fetch(path, init);
  return { status: answer.status, text: await answer.text() };
};
const load = (query: object, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> =>
  textOf("/cubejs-api/v1/load", { method: "POST", body: JSON.stringify({ query }), headers });

/** What a path says of the planted name: seen, or not; `refused` when it may not be asked so. */
type Seen = "seen" | "not seen" | "refused";
const verdict = ({ status, text }: { status: number; text: string }, isSeen: (text: string) => boolean): Seen => {
  if (status === 403) return "refused";
  if (status >= 500) throw new Error(`${status}: ${text.slice(0, 300)}`);
  return status === 200 && isSeen(text) ? "seen" : "not seen";
};
const hasText = (text: string): boolean => text.includes(`${planted.text} customer`);
const counts = (text: string): boolean => /"customers\.count":"1"/.test(text);
const byId = (): object[] => [{ member: "customers.id", operator: "equals", values: [planted.ids.customer] }];
const byName = (operator: string): object[] => [{ member: "customers.name", operator, values: [planted.text] }];

/** What a masked column and a hidden one make of each path. */
const paths: { name: string; masked: Seen; hidden: Seen; look: () => Promise<Seen> }[] = [
  {
    name: "list",
    masked: "not seen",
    hidden: "not seen",
    look: async () => verdict(await textOf(`/api/v1/customers?id=${planted.ids.customer}`), hasText),
  },
  {
    name: "get",
    masked: "not seen",
    hidden: "not seen",
    look: async () => verdict(await textOf(`/api/v1/customers/${planted.ids.customer}`), hasText),
  },
  {
    name: "fields of a list",
    masked: "not seen",
    hidden: "refused",
    look: async () => verdict(await textOf(`/api/v1/customers?fields=name&id=${planted.ids.customer}`), hasText),
  },
  {
    name: "search",
    masked: "not seen",
    hidden: "refused",
    look: async () => verdict(await textOf(`/api/v1/customers?q=${planted.text}`), (text) => text.includes(planted.ids.customer)),
  },
  {
    name: "filter of a list",
    masked: "not seen",
    hidden: "refused",
    look: async () =>
      verdict(await textOf(`/api/v1/customers?name=${encodeURIComponent(`${planted.text} customer`)}`), (text) =>
        text.includes(planted.ids.customer),
      ),
  },
  {
    name: "load",
    masked: "not seen",
    hidden: "refused",
    look: async () => verdict(await load({ dimensions: ["customers.name"], filters: byId() }), hasText),
  },
  {
    name: "load for export",
    masked: "not seen",
    hidden: "refused",
    look: async () => verdict(await load({ dimensions: ["customers.name"], filters: byId() }, { "kehu-purpose": "export" }), hasText),
  },
  {
    name: "filter of a figure",
    masked: "not seen",
    hidden: "refused",
    look: async () => verdict(await load({ measures: ["customers.count"], filters: byName("contains") }), counts),
  },
  {
    name: "filter values",
    masked: "not seen",
    hidden: "refused",
    look: async () => verdict(await load({ dimensions: ["customers.name"], limit: 50_000 }), hasText),
  },
  {
    name: "a name beside another entity's figure",
    masked: "not seen",
    hidden: "refused",
    look: async () =>
      verdict(
        await load({
          dimensions: ["orders.customer"],
          filters: [{ member: "orders.id", operator: "equals", values: [planted.ids.order] }],
        }),
        hasText,
      ),
  },
  {
    name: "SQL",
    masked: "not seen",
    hidden: "refused",
    look: async () => {
      const sql = "select name from dim_customers where customer_id = $1";
      return verdict(await textOf("/api/sql", { method: "POST", body: JSON.stringify({ sql, params: [planted.ids.customer] }) }), hasText);
    },
  },
  {
    name: "SQL that filters",
    masked: "not seen",
    hidden: "refused",
    look: async () => {
      const sql = "select customer_id from dim_customers where name like $1";
      return verdict(await textOf("/api/sql", { method: "POST", body: JSON.stringify({ sql, params: [`${planted.text}%`] }) }), (text) =>
        text.includes(planted.ids.customer),
      );
    },
  },
  {
    name: "drill-through page",
    masked: "not seen",
    hidden: "not seen",
    look: async () =>
      verdict(await textOf(`/records/orders?period=all&id=${planted.ids.order}`), (text) => text.includes(`${planted.text} customer`)),
  },
  {
    name: "workbook",
    masked: "not seen",
    hidden: "not seen",
    look: async () => {
      const answer = await rep.fetch(`/export/records/orders?period=all&id=${planted.ids.order}`);
      const bytes = Buffer.from(await answer.arrayBuffer());
      return verdict({ status: answer.status, text: answer.ok ? workbookText(bytes) : "" }, (text) =>
        text.includes(`${planted.text} customer`),
      );
    },
  },
];

const all = async (): Promise<Record<string, Seen>> =>
  Object.fromEntries(await Promise.all(paths.map(async ({ name, look }) => [name, await look()] as const)));
const stated = (of: (path: (typeof paths)[number]) => Seen): Record<string, Seen> =>
  Object.fromEntries(paths.map((path) => [path.name, of(path)]));
const shown = (): Record<string, Seen> => stated(() => "seen");

describe("O2: leak matrix of columns", () => {
  it.each(["mask", "hide"] as const)("a customer's name under %s leaves on no path, and without the rule on every", async (visibility) => {
    expect(await all(), "before").toEqual(shown());
    const rule = await askRule(visibility, "customer", "name");
    try {
      expect(await all(), visibility).toEqual(stated(({ masked, hidden }) => (visibility === "mask" ? masked : hidden)));
    } finally {
      await takeAway(rule);
    }
    // The mutation: with the rule away every cell is red.
    expect(await all(), "after").toEqual(shown());
  });

  it("a hidden cost takes the margin with it: 403 names it, /meta and the catalogue do not", async () => {
    const metaHas = async (): Promise<boolean> => (await textOf("/cubejs-api/v1/meta")).text.includes('"orders.margin"');
    const catalogueHas = async (): Promise<boolean> => (await textOf("/cubejs-api/v1/catalogue")).text.includes('"margin_amount"');
    expect([await metaHas(), await catalogueHas()]).toEqual([true, true]);
    const rule = await askRule("hide", "order_line", "unit_cost");
    const refused = await load({ measures: ["orders.amount", "orders.margin"] });
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining("'orders.margin'") as string]);
    expect((await load({ measures: ["orders.amount"] })).status).toBe(200);
    expect([await metaHas(), await catalogueHas()]).toEqual([false, false]);
    await takeAway(rule);
    expect((await load({ measures: ["orders.margin"] })).status).toBe(200);
  });

  it("a changed permission holds for tokens issued before, within 5 seconds", async () => {
    const { token } = await rep.json<{ token: string }>("/api/auth/token");
    const byToken = async (): Promise<string> => {
      const query = encodeURIComponent(JSON.stringify({ measures: ["orders.margin"] }));
      const answer = await fetch(`${stack.url}/cubejs-api/v1/load?query=${query}`, { headers: { authorization: token } });
      return `${answer.status}`;
    };
    expect(await byToken()).toBe("200");
    const rule = await askRule("hide", "order_line", "unit_cost");
    await eventually("the token to be refused", async () => ((await byToken()) === "403" ? true : null), 5_000);
    await takeAway(rule);
    await eventually("the token to be served", async () => ((await byToken()) === "200" ? true : null), 5_000);
  });
});
