import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { eventually, signInDemo, type Session } from "../stack.ts";
import { workbookText } from "../workbook.ts";
import { figuresByOwner, views, type CustomerOwners, type Expectation, type Ids, type Principal } from "./leak-views.ts";

/**
 * Every public view against one table of who gets what of it (`leak-views.ts`). What a manager and a rep may see is reckoned from the rows of
 * Postgres and picked from what the executive gets: theirs must be that, no group more and none less, however it is asked for.
 */
const stack = inject("stack");
const limitedRoles = ["sales_manager", "sales_rep"] as const;
const roles = ["executive", "analyst", ...limitedRoles] as const;
type Role = (typeof roles)[number];
type LimitedRole = (typeof limitedRoles)[number];

let sessions: Record<Role, Session>;
let database: Client;
let principals: Record<LimitedRole, Principal>;
let customers: CustomerOwners;
let snapshotFile: string;
/** Members of the executive's `/meta`: type by full name. */
let members: Map<string, string>;

beforeAll(async () => {
  sessions = await signInDemo(stack);
  const { port, password } = JSON.parse(await readFile(join(stack.dataDir, "runtime.json"), "utf8")) as { port: number; password: string };
  database = new Client({ host: "127.0.0.1", port, password, user: "kehu", database: "kehu" });
  await database.connect();
  const idsOf = async (sql: string, parameters: string[]): Promise<Set<string>> =>
    new Set((await database.query<{ id: string }>(sql, parameters)).rows.map(({ id }) => id));
  const [manager, rep] = await Promise.all(
    limitedRoles.map((role) => sessions[role].json<{ employee_id: string; department_id: string }>("/api/v1/me")),
  );
  if (!manager || !rep) throw new Error("the demo accounts have no employees");
  const below = `with recursive below as (
      select id from crm.departments where id = $1 union select child.id from crm.departments as child join below on child.parent_id = below.id)`;
  principals = {
    sales_manager: {
      employees: await idsOf(`${below} select id from crm.employees where department_id in (select id from below)`, [
        manager.department_id,
      ]),
      departments: await idsOf(`${below} select id from below`, [manager.department_id]),
    },
    sales_rep: { employees: new Set([rep.employee_id]), departments: new Set() },
  };
  const owned = await database.query<{ id: string; owner_id: string | null }>(
    "select id, owner_id from crm.customers where deleted_at is null",
  );
  customers = new Map(owned.rows.map(({ id, owner_id }) => [id, owner_id]));
  // Estimates come with a later build than the first.
  for (const measure of ["churn_risk.customer_count", "lifetime_value.customer_count", "forecast.sample_months"])
    await eventually(
      `rows of ${measure}`,
      async () => (Number((await sessions.executive.load({ measures: [measure] })).data[0]?.[measure] ?? 0) > 0 ? true : null),
      240_000,
      500,
    );
  members = new Map((await metaOf("executive")).flatMap(({ dimensions }) => dimensions.map(({ name, type }) => [name, type] as const)));
  const folder = join(stack.dataDir, "warehouse", "snapshots");
  const { file } = JSON.parse(await readFile(join(folder, "current.json"), "utf8")) as { file: string };
  snapshotFile = join(folder, file);
}, 300_000);

afterAll(() => database?.end());

const metaOf = async (role: Role): Promise<{ name: string; dimensions: { name: string; type: string }[] }[]> =>
  (await sessions[role].json<{ cubes: { name: string; dimensions: { name: string; type: string }[] }[] }>("/cubejs-api/v1/meta")).cubes;

type Purpose = "read" | "export";
type Row = Record<string, string | null>;
const limit = 50_000;

const load = async (role: Role, query: object, purpose: Purpose = "read"): Promise<Row[]> => {
  const { data } = await sessions[role].load({ ...query, limit }, purpose === "export" ? { "kehu-purpose": "export" } : {});
  if (data.length >= limit) throw new Error(`${JSON.stringify(query)} has more than ${limit} rows`);
  return data;
};

/** A view's figure by its groups, each group's ids as JSON. */
async function groupsOf(
  role: Role,
  view: string,
  by: readonly string[],
  measure: string | null,
  purpose?: Purpose,
): Promise<Map<string, unknown>> {
  const dimensions = by.map((name) => `${view}.${name}`);
  const rows = await load(role, { dimensions, ...(measure ? { measures: [`${view}.${measure}`] } : {}) }, purpose);
  return new Map(
    rows.map((row) => [JSON.stringify(by.map((name) => row[`${view}.${name}`] ?? null)), measure ? row[`${view}.${measure}`] : true]),
  );
}

type OwnRows = Extract<Expectation, { rows: "own" | "own by owner" }>;
const isOwnRows = (expectation: Expectation): expectation is OwnRows => expectation.rows === "own" || expectation.rows === "own by owner";
const ownViews = Object.entries(views).filter((entry): entry is [string, OwnRows] => isOwnRows(entry[1]));

const dimensionsOf = (expectation: OwnRows): readonly string[] => (expectation.rows === "own" ? expectation.rule.by : ["owner_id"]);

const idsOfGroup = (by: readonly string[], group: string): Ids => {
  const values = JSON.parse(group) as (string | null)[];
  return Object.fromEntries(by.map((name, index) => [name, values[index] ?? null]));
};

/** The groups of what the executive gets that are the principal's; of a view that doesn't name the customer, as the mart says. */
async function ownGroups(view: string, expectation: OwnRows, principal: Principal): Promise<Map<string, unknown>> {
  if (expectation.rows === "own by owner") {
    const figures = await figuresByOwner(snapshotFile, expectation.mart, expectation.figure, principal);
    return new Map([...figures].map(([owner, figure]) => [JSON.stringify([owner === "null" ? null : owner]), figure]));
  }
  const { by, isOf } = expectation.rule;
  const all = await groupsOf("executive", view, by, expectation.measure);
  return new Map([...all].filter(([group]) => isOf(idsOfGroup(by, group), principal, customers)));
}

const sorted = (groups: ReadonlyMap<string, unknown>): [string, unknown][] =>
  [...groups].toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));

const onlyGroup = (view: string, by: readonly string[], group: string): object[] =>
  Object.entries(idsOfGroup(by, group)).map(([name, id]) =>
    id === null ? { member: `${view}.${name}`, operator: "notSet" } : { member: `${view}.${name}`, operator: "equals", values: [id] },
  );

describe("the table of views", () => {
  it("has a row for every public view, and no other", async () => {
    expect(Object.keys(views).toSorted()).toEqual((await metaOf("executive")).map(({ name }) => name).toSorted());
  });

  it("is what each role is told of", async () => {
    const all = Object.keys(views).toSorted();
    const granted = all.filter((view) => views[view]?.rows !== "refused");
    for (const role of roles)
      expect([role, (await metaOf(role)).map(({ name }) => name).toSorted()]).toEqual([
        role,
        role === "executive" || role === "analyst" ? all : granted,
      ]);
  });

  it.each(Object.entries(views))("gives the analyst all of %s, as the executive", async (view, expectation) => {
    const by = expectation.rows === "published" ? expectation.by : isOwnRows(expectation) ? dimensionsOf(expectation) : [];
    const all = await groupsOf("executive", view, by, expectation.measure);
    expect(sorted(await groupsOf("analyst", view, by, expectation.measure))).toEqual(sorted(all));
    expect(sorted(await groupsOf("analyst", view, by, expectation.measure, "export"))).toEqual(sorted(all));
    if (expectation.rows === "own by owner") {
      const known = await figuresByOwner(snapshotFile, expectation.mart, expectation.figure, null);
      expect(sorted(all)).toEqual(
        sorted(new Map([...known].map(([owner, figure]) => [JSON.stringify([owner === "null" ? null : owner]), figure]))),
      );
    }
  });
});

describe.each(limitedRoles)("views: %s", (role) => {
  it.each(ownViews)("own rows only of %s", async (view, expectation) => {
    const by = dimensionsOf(expectation);
    const all = await groupsOf("executive", view, by, expectation.measure);
    const own = await ownGroups(view, expectation, principals[role]);
    expect(own.size, "groups of the role's own").toBeGreaterThan(0);
    expect(sorted(own), "the role's own are not all there is").not.toEqual(sorted(all));

    expect(sorted(await groupsOf(role, view, by, expectation.measure))).toEqual(sorted(own));
    expect(sorted(await groupsOf(role, view, by, expectation.measure, "export"))).toEqual(sorted(own));
    // What a filter's list offers.
    const offered = [...(await groupsOf(role, view, by, null)).keys()];
    expect(offered.filter((group) => !own.has(group))).toEqual([]);

    const stranger = [...all].find(([group, figure]) => !own.has(group) && Number(figure) > 0)?.[0];
    if (stranger === undefined) throw new Error(`nothing of ${view} is somebody else's`);
    const filters = onlyGroup(view, by, stranger);
    const dimensions = by.map((name) => `${view}.${name}`);
    expect(await load("executive", { dimensions, filters })).toHaveLength(1);
    for (const purpose of ["read", "export"] as const) {
      expect(await load(role, { dimensions, measures: [`${view}.${expectation.measure}`], filters }, purpose)).toEqual([]);
      const total = await load(role, { measures: [`${view}.${expectation.measure}`], filters }, purpose);
      expect(total.map((row) => Number(row[`${view}.${expectation.measure}`] ?? 0))).toEqual([0]);
    }
  });

  it("lists no stranger's word, whatever the view", async () => {
    const wrong: string[] = [];
    let telling = 0;
    for (const [view, expectation] of ownViews) {
      if (expectation.rows !== "own") continue;
      const { by, isOf } = expectation.rule;
      for (const word of ["customer", "name", "number", "subject"].filter((name) => members.get(`${view}.${name}`) === "string")) {
        const all = [...(await groupsOf("executive", view, [...by, word], null)).keys()].map((group) => idsOfGroup([...by, word], group));
        const words = (own: boolean): Set<string | null> =>
          new Set(all.filter((ids) => isOf(ids, principals[role], customers) === own).map((ids) => ids[word] ?? null));
        const own = words(true);
        const offered = new Set((await load(role, { dimensions: [`${view}.${word}`] })).map((row) => row[`${view}.${word}`] ?? null));
        if (offered.symmetricDifference(own).size > 0) wrong.push(`${view}.${word}`);
        if (words(false).difference(own).size > 0) telling++;
      }
    }
    expect(wrong).toEqual([]);
    expect(telling, "lists in which strangers have words of their own").toBeGreaterThan(15);
  });

  it.each(Object.entries(views).filter(([, { rows }]) => rows === "none yet"))(
    "nothing of %s as long as there is none",
    async (view, { measure }) => {
      for (const asked of ["executive", role] as const)
        expect(
          (await load(asked, { measures: [`${view}.${measure}`] })).map((row) => Number(row[`${view}.${measure}`] ?? 0)),
          asked,
        ).toEqual([0]);
    },
  );

  it.each(Object.entries(views).filter(([, { rows }]) => rows === "refused"))("nothing of %s", async (view, { measure }) => {
    for (const purpose of ["read", "export"] as const)
      await expect(load(role, { measures: [`${view}.${measure}`] }, purpose)).rejects.toThrow(/: 403 /);
    expect(await load("executive", { measures: [`${view}.${measure}`] })).toHaveLength(1);
  });

  it.each(Object.entries(views).filter(([, { rows }]) => rows === "published"))(
    "all of %s, which is published",
    async (view, expectation) => {
      if (expectation.rows !== "published") return;
      const { by, measure, exported } = expectation;
      const all = await groupsOf("executive", view, by, measure);
      expect(sorted(await groupsOf(role, view, by, measure))).toEqual(sorted(all));
      if (exported) expect(sorted(await groupsOf(role, view, by, measure, "export"))).toEqual(sorted(all));
      else await expect(groupsOf(role, view, by, measure, "export")).rejects.toThrow(/: 403 /);
    },
  );
});

describe("pages and workbooks of records", async () => {
  const files = await readdir(join(import.meta.dirname, "../../portal/src/lib/records"));
  const pages = files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && file !== "definition.ts" && file !== "index.ts")
    .map((file) => file.slice(0, -".ts".length));

  it("are there for the views that are about customers", () =>
    expect(pages).toEqual(expect.arrayContaining(["receivables", "value", "rfm", "churn_events", "churn_risk"])));

  const read = async (role: Role, path: string): Promise<Buffer> => {
    const response = await sessions[role].fetch(path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
    return Buffer.from(await response.arrayBuffer());
  };

  describe.each(limitedRoles)("of %s", (role) => {
    it.each(pages)("/records/%s names no stranger's customer", async (view) => {
      const expectation = views[view];
      if (expectation?.rows !== "own") throw new Error(`the table says nothing of whose rows ${view} has`);
      const { by, isOf } = expectation.rule;
      const name = members.has(`${view}.customer`) ? "customer" : "name";
      const groups = [...(await groupsOf("executive", view, [...by, name], null)).keys()].map((group) => idsOfGroup([...by, name], group));
      const isOwn = (ids: Ids): boolean => isOf(ids, principals[role], customers);
      const own = new Set(groups.filter(isOwn).map((ids) => ids[name] ?? ""));
      const allOwn = [...own].join("\n");
      const strangers = groups.filter((ids) => !isOwn(ids) && ids[name] && !allOwn.includes(ids[name]));
      const stranger = strangers.find((ids) => by.every((key) => ids[key]));
      if (!stranger) throw new Error(`no stranger's record in ${view}`);

      const workbook = workbookText(await read(role, `/export/records/${view}?period=all`));
      const cells = new Set([...workbook.matchAll(/<t(?: [^>]*)?>([^<]*)</g)].map(([, text]) => text ?? ""));
      expect(cells.intersection(own).size, "own customers in the workbook").toBeGreaterThan(0);
      expect([...cells.intersection(new Set(strangers.map((ids) => ids[name] ?? "")))]).toEqual([]);
      expect(workbook).not.toContain(stranger[name]);

      const chosen = by.map((key) => `${key}=${stranger[key]}`).join("&");
      expect((await read("executive", `/records/${view}?period=all&${chosen}`)).toString()).toContain(stranger[name]);
      expect((await read(role, `/records/${view}?period=all&${chosen}`)).toString()).not.toContain(stranger[name]);
      expect((await read(role, `/records/${view}?period=all`)).toString()).not.toContain(stranger[name]);
      expect(workbookText(await read(role, `/export/records/${view}?period=all&${chosen}`))).not.toContain(stranger[name]);
    });
  });
});

describe("views without a predicate", () => {
  /** Views of which the role gets other rows than its own. */
  const redViews = async (role: LimitedRole, known: ReadonlyMap<string, [string, unknown][]>): Promise<string[]> => {
    const red = await Promise.all(
      ownViews.map(async ([view, expectation]) => {
        const seen = await groupsOf(role, view, dimensionsOf(expectation), expectation.measure);
        return JSON.stringify(sorted(seen)) === JSON.stringify(known.get(view)) ? [] : [view];
      }),
    );
    return red.flat().toSorted();
  };
  const ownOf = async (role: LimitedRole): Promise<Map<string, [string, unknown][]>> =>
    new Map(
      await Promise.all(
        ownViews.map(async ([view, expectation]) => [view, sorted(await ownGroups(view, expectation, principals[role]))] as const),
      ),
    );
  const untilRed = (role: LimitedRole, known: ReadonlyMap<string, [string, unknown][]>, expected: string[]): Promise<boolean> =>
    eventually(
      `exactly ${expected.join(", ") || "no view"} to turn red for ${role}`,
      async () => {
        const red = await redViews(role, known);
        if (JSON.stringify(red) === JSON.stringify(expected)) return true;
        throw new Error(`red: ${red.join(", ")}`);
      },
      30_000,
      200,
    );
  const whoseNeedsAreAmong = (entities: ReadonlySet<string>): string[] =>
    ownViews
      .filter(([, { needs }]) => needs.every((entity) => entities.has(entity)))
      .map(([view]) => view)
      .toSorted();

  it.each(limitedRoles)("turn red for %s when the last entity that they need is widened, and not before", async (role) => {
    const { rows: usual } = await database.query<{ entity: string; rows: string }>(
      "select entity, rows from auth.permissions where role = $1 and action = 'read' and rows <> 'all'",
      [role],
    );
    const permit = (entity: string, rows: string): Promise<unknown> =>
      database.query("update auth.permissions set rows = $1 where role = $2 and action = 'read' and entity = $3", [rows, role, entity]);
    const known = await ownOf(role);
    const widened = new Set<string>();
    try {
      for (const entity of [
        "order",
        "receipt",
        "instalment",
        "opportunity",
        "lead",
        "contract",
        "customer",
        "customer_event",
        "activity",
        "target",
      ]) {
        await permit(entity, "all");
        widened.add(entity);
        await untilRed(role, known, whoseNeedsAreAmong(widened));
      }
      expect(whoseNeedsAreAmong(widened)).toHaveLength(ownViews.length);
    } finally {
      for (const { entity, rows } of usual) await permit(entity, rows);
    }
    await untilRed(role, known, []);
  });

  it.each(["order", "receipt", "contract", "activity"])(
    "are refused, exactly those that need it, without the grant on %s",
    async (entity) => {
      const { rows: usual } = await database.query<{ action: string; rows: string }>(
        "delete from auth.permissions where role = 'sales_rep' and entity = $1 returning action, rows",
        [entity],
      );
      const gone = Object.entries(views).filter(([, expectation]) => "needs" in expectation && expectation.needs.includes(entity));
      const refused = gone.map(([view]) => view).toSorted();
      const told = async (): Promise<string[]> => (await metaOf("sales_rep")).map(({ name }) => name);
      const isRefused = (view: string): boolean => refused.includes(view) || views[view]?.rows === "refused";
      const expected = Object.keys(views)
        .filter((view) => !isRefused(view))
        .toSorted();
      try {
        await eventually(`/meta without ${refused.join(", ")}`, async () => {
          const now = (await told()).toSorted();
          if (JSON.stringify(now) === JSON.stringify(expected)) return true;
          throw new Error(
            `still told of ${now.filter(isRefused).join(", ")}; not of ${expected.filter((view) => !now.includes(view)).join(", ")}`,
          );
        });
        for (const [view, { measure }] of gone)
          await expect(load("sales_rep", { measures: [`${view}.${measure}`] }), view).rejects.toThrow(/: 403 /);
      } finally {
        for (const { action, rows } of usual)
          await database.query("insert into auth.permissions (role, entity, action, rows) values ('sales_rep', $1, $2, $3)", [
            entity,
            action,
            rows,
          ]);
      }
      await eventually("the grant to take effect", async () => ((await told()).length > expected.length ? true : null));
    },
  );
});
