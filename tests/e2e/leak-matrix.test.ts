import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { collectionOfPlanted, plant, plantedEntities, type Planted, type PlantedEntity } from "../plant.ts";
import { eventually, signIn, signInDemo, untilFresh, type Session } from "../stack.ts";

const stack = inject("stack");
const administrator = inject("administrator");

const roles = ["executive", "analyst", "sales_manager", "sales_rep"] as const;
type Role = (typeof roles)[number];

/** Views that show the entity's records one by one, by the record's id. Contacts and lines are shown by no view. */
const viewOf: Partial<Record<PlantedEntity, string>> = {
  customer: "customers",
  lead: "leads",
  opportunity: "opportunities",
  activity: "activities",
  order: "orders",
  receipt: "receipts",
  target: "targets",
};

/** A dimension of the view that carries the planted text: what a filter's drop-down would list. */
const textDimension: Partial<Record<PlantedEntity, string>> = {
  customer: "customers.name",
  opportunity: "opportunities.name",
  order: "orders.number",
  activity: "activities.customer",
  receipt: "receipts.customer",
};

/** Entities with a page of records in the portal, and so a workbook. */
const withPage: readonly PlantedEntity[] = ["customer", "opportunity", "order", "receipt"];

/** One way for a record to leave. `null`: this path does not carry the entity. */
interface Path {
  name: string;
  sees(session: Session, entity: PlantedEntity, planted: Planted): Promise<boolean> | null;
}

/** What a workbook says, all sheets and shared texts together. The entries are found by the central directory. */
function workbookText(file: Buffer): string {
  const end = file.lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1"));
  let at = file.readUInt32LE(end + 16);
  const texts: string[] = [];
  for (let count = file.readUInt16LE(end + 10); count > 0; count--) {
    const [method, size, nameLength, extraLength, commentLength, local] = [
      file.readUInt16LE(at + 10),
      file.readUInt32LE(at + 20),
      file.readUInt16LE(at + 28),
      file.readUInt16LE(at + 30),
      file.readUInt16LE(at + 32),
      file.readUInt32LE(at + 42),
    ];
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const body = file.subarray(start, start + size);
    texts.push((method === 8 ? inflateRawSync(body) : body).toString("utf8"));
    at += 46 + nameLength + extraLength + commentLength;
  }
  return texts.join("\n");
}

const records = async (session: Session, path: string): Promise<Buffer> => {
  const response = await session.fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${(await response.text()).slice(0, 500)}`);
  return Buffer.from(await response.arrayBuffer());
};

/** The marker as it is shown in a table of records: a text of the record, or its id where it has none. */
const recordsPath = (prefix: string, view: string, entity: PlantedEntity, planted: Planted): string =>
  `${prefix}/${view}?period=all&id=${planted.ids[entity]}`;

const paths: Path[] = [
  {
    name: "list",
    sees: async (session, entity, { ids }) => {
      const { data } = await session.json<{ data: unknown[] }>(`/api/v1/${collectionOfPlanted[entity]}?id=${ids[entity]}`);
      return data.length > 0;
    },
  },
  {
    name: "get",
    sees: async (session, entity, { ids }) => {
      const { status } = await session.fetch(`/api/v1/${collectionOfPlanted[entity]}/${ids[entity]}`);
      if (status !== 200 && status !== 404) throw new Error(`GET answered ${status}`);
      return status === 200;
    },
  },
  {
    name: "load",
    sees: (session, entity, { ids }) => {
      const view = viewOf[entity];
      if (!view) return null;
      const filters = [{ member: `${view}.id`, operator: "equals", values: [ids[entity]] }];
      return session.load({ dimensions: [`${view}.id`], filters }).then(({ data }) => data.length > 0);
    },
  },
  {
    name: "load for export",
    sees: (session, entity, { ids }) => {
      const view = viewOf[entity];
      if (!view) return null;
      const filters = [{ member: `${view}.id`, operator: "equals", values: [ids[entity]] }];
      return session.load({ dimensions: [`${view}.id`], filters }, { "kehu-purpose": "export" }).then(({ data }) => data.length > 0);
    },
  },
  {
    name: "filter values",
    sees: (session, entity, { text }) => {
      const dimension = textDimension[entity];
      if (!dimension) return null;
      const filters = [{ member: dimension, operator: "contains", values: [text] }];
      return session.load({ dimensions: [dimension], filters }).then(({ data }) => data.length > 0);
    },
  },
  {
    name: "drill-through page",
    sees: (session, entity, planted) => {
      const view = viewOf[entity];
      if (!view || !withPage.includes(entity)) return null;
      return records(session, recordsPath("/records", view, entity, planted)).then((page) => page.includes(planted.text));
    },
  },
  {
    name: "workbook",
    sees: (session, entity, planted) => {
      const view = viewOf[entity];
      if (!view || !withPage.includes(entity)) return null;
      return records(session, recordsPath("/export/records", view, entity, planted)).then((file) =>
        workbookText(file).includes(planted.text),
      );
    },
  },
];

let sessions: Record<Role, Session>;
let visible: Planted;
let hidden: Planted;
let deleted: Planted;
let database: Client;

beforeAll(async () => {
  sessions = await signInDemo(stack);
  const admin = await signIn(stack, administrator.email, administrator.password);
  const [rep, manager] = await Promise.all(
    (["sales_rep", "sales_manager"] as const).map((role) =>
      sessions[role].json<{ employee_id: string; department_id: string }>("/api/v1/me"),
    ),
  );
  if (!rep || !manager) throw new Error("the demo accounts have no employees");
  const { data: departments } = await admin.json<{ data: { id: string; parent_id: string | null }[] }>("/api/v1/departments?limit=500");
  const below = new Set([manager.department_id]);
  for (let size = 0; size !== below.size;) {
    size = below.size;
    for (const { id, parent_id } of departments) if (parent_id && below.has(parent_id)) below.add(id);
  }
  const { data: employees } = await admin.json<{ data: { id: string; department_id: string }[] }>(
    "/api/v1/employees?limit=500&is_salesperson=true&status=active",
  );
  const stranger = employees.find((employee) => !below.has(employee.department_id));
  if (!stranger) throw new Error("every salesperson is below the demo manager");
  const own = { id: rep.employee_id, department_id: rep.department_id };
  visible = await plant(admin, own, "LEAK-VISIBLE", "2031-01-01");
  hidden = await plant(admin, stranger, "LEAK-HIDDEN", "2031-01-01");
  const gone = await plant(admin, own, "LEAK-DELETED", "2031-02-01");
  // Children before parents: what is referred to can't be deleted.
  for (const entity of ["target", "receipt", "order", "activity", "opportunity", "lead", "contact", "customer"] as const) {
    const path = `/api/v1/${collectionOfPlanted[entity]}/${gone.ids[entity]}`;
    const etag = (await admin.fetch(path)).headers.get("etag") ?? "";
    const response = await admin.fetch(path, { method: "DELETE", headers: { "if-match": etag } });
    if (!response.ok) throw new Error(`DELETE ${path}: ${response.status} ${await response.text()}`);
    gone.lsn = response.headers.get("kehu-commit") ?? gone.lsn;
  }
  deleted = gone;
  await untilFresh(stack, gone.lsn);

  const { port, password } = JSON.parse(await readFile(join(stack.dataDir, "runtime.json"), "utf8")) as { port: number; password: string };
  database = new Client({ host: "127.0.0.1", port, password, user: "kehu", database: "kehu" });
  await database.connect();
}, 120_000);

afterAll(() => database?.end());

/** What of the planted rows the role must see on every path. */
const expected: Record<Role, { visible: boolean; hidden: boolean }> = {
  executive: { visible: true, hidden: true },
  analyst: { visible: true, hidden: true },
  sales_manager: { visible: true, hidden: false },
  sales_rep: { visible: true, hidden: false },
};

describe.each(roles)("leak matrix: %s", (role) => {
  it.each(paths)("$name", async ({ sees }) => {
    const wrong: string[] = [];
    for (const entity of plantedEntities) {
      const checks: [string, Planted, boolean][] = [
        ["own", visible, expected[role].visible],
        ["a stranger's", hidden, expected[role].hidden],
        ["deleted", deleted, false],
      ];
      for (const [whose, planted, should] of checks) {
        const does = await sees(sessions[role], entity, planted);
        if (does !== null && does !== should) wrong.push(`${role} ${does ? "sees" : "does not see"} ${whose} ${entity}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("leak matrix: figures", () => {
  const owned = ["opportunities", "orders", "receipts", "customers", "leads", "activities", "funnel"];

  it.each(owned)("a rep gets no figure of a stranger from %s, however it is asked", async (view) => {
    const stranger = (await sessions.executive.json<{ owner_id: string }>(`/api/v1/customers/${hidden.ids.customer}`)).owner_id;
    const measure = view === "funnel" ? "funnel.entered_count" : `${view}.count`;
    const filters = [{ member: `${view}.owner_id`, operator: "equals", values: [stranger] }];
    const asExecutive = await sessions.executive.load({ measures: [measure], filters });
    expect(Number(asExecutive.data[0]?.[measure])).toBeGreaterThan(0);
    const { data } = await sessions.sales_rep.load({ dimensions: [`${view}.owner_id`], measures: [measure], filters });
    // A stranger's document of a customer the rep owns is the rep's to see; then it is the rep's customer.
    if (view === "customers" || view === "leads") expect(data).toEqual([]);
    const planted = await sessions.sales_rep.load({
      measures: [measure],
      filters: [
        ...filters,
        ...(view === "leads" || view === "funnel"
          ? []
          : [{ member: `${view}.${view === "customers" ? "name" : "customer"}`, operator: "contains", values: ["LEAK-HIDDEN"] }]),
      ],
    });
    if (view !== "funnel") expect(Number(planted.data[0]?.[measure] ?? 0)).toBe(0);
  });
});

/** The permission rows whose row rule guards the entity; lines and orders are one document. */
const guards: Record<PlantedEntity, PlantedEntity[]> = {
  customer: ["customer"],
  contact: ["contact", "customer"],
  lead: ["lead"],
  opportunity: ["opportunity"],
  activity: ["activity"],
  order: ["order", "order_line"],
  order_line: ["order", "order_line"],
  receipt: ["receipt"],
  target: ["target"],
};

describe("leak matrix: without its predicate a cell turns red", () => {
  it.each(plantedEntities)("%s", async (entity) => {
    const session = sessions.sales_rep;
    const applicable = paths.filter(({ name }) => name === "list" || name === "get" || name === "load");
    const change = (rows: string): Promise<unknown> =>
      database.query("update auth.permissions set rows = $1 where role = 'sales_rep' and action = 'read' and entity = any($2)", [
        rows,
        guards[entity],
      ]);
    const seenOn = async (): Promise<boolean[]> =>
      Promise.all(applicable.map(async ({ sees }) => (await sees(session, entity, hidden)) ?? null)).then((all) =>
        all.filter((one) => one !== null),
      );
    expect(await seenOn()).not.toContain(true);
    try {
      await change("all");
      await eventually(
        `the widened rule for ${entity} to take effect on every path`,
        async () => ((await seenOn()).every(Boolean) ? true : null),
        10_000,
      );
    } finally {
      await change("own");
    }
    await eventually(`the rule for ${entity} to be back`, async () => ((await seenOn()).some(Boolean) ? null : true), 10_000);
  });
});
