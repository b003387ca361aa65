/** Columns that a caller is not shown: what a statement that names one is told, and what a masked one compares by. */
import type { ColumnAccess, Scope } from "@kehu/operational-api/definitions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogueColumn, catalogueNode, catalogueSql } from "../catalogue.fixture.ts";
import { employee } from "../policy.fixture.ts";
import { scopeWith } from "../testing.ts";
import { startCompany, type Company, type SqlBody } from "./testing.ts";

const sql = `
  create table marts.dim_employees as select key::integer as employee_key, ('00000000-0000-7000-8000-00000000000' || key)::uuid as employee_id
    from (values (1), (2)) people(key);
  create table marts.dim_departments as select 1 as department_key, uuid() as department_id;
  create table marts.fct_orders as select * from (values (11, 1, 'first note', 10.00), (12, 2, 'second', 20.00)) orders(order_key, owner_key, note, amount);
  create table marts.fct_visits as select * from (values (11, 'visit')) visits(order_key, memo);`;

const column = (name: string, input?: string): object =>
  input ? catalogueColumn(name, "renamed", `crm.orders.${input}`) : catalogueColumn(name, "constant");
const nodes = [
  catalogueNode("crm.orders", [column("note"), column("amount")], "source"),
  catalogueNode("dim_employees", [column("employee_key"), column("employee_id")]),
  catalogueNode("dim_departments", [column("department_key"), column("department_id")]),
  catalogueNode("fct_orders", [column("order_key"), column("owner_key"), column("note", "note"), column("amount", "amount")]),
  catalogueNode("fct_visits", [column("order_key"), column("memo")]),
];
const marts = [
  { name: "dim_employees", scope: "none" },
  { name: "dim_departments", scope: "none" },
  { name: "fct_orders", scope: { entity: "order", employee: ["owner_key"] } },
  { name: "fct_visits", scope: "none" },
];

const both = (visibility: "hide" | "mask"): ColumnAccess => ({ own: visibility, others: visibility });
const rules: Record<string, Scope["columns"]> = {
  whole: {},
  hidden: { order: { note: both("hide") } },
  "hidden in others' rows": { order: { note: { own: "show", others: "hide" } } },
  masked: { order: { note: both("mask") } },
};
const all = { order: { rows: "all" } } as const;
const scopeOf = (name: string): Scope => ({ ...scopeWith(name, all, all), columns: rules[name]!, employeeId: employee(1) });

let company: Company;
beforeAll(async () => {
  company = await startCompany({
    sql: `${sql} ${catalogueSql(nodes, "hidden columns")}`,
    marts,
    options: {
      authenticate: (request) => {
        const name = request.headers.get("x-caller") ?? "";
        return Promise.resolve({ userId: name, roles: ["analyst"], scope: scopeOf(name), locale: "en" });
      },
    },
  });
});
afterAll(async () => company.app.close());

/** Each way to name a column: what the statement says, and whether it runs for who is shown all columns. */
const namings: [string, string][] = [
  ["select", "select note from fct_orders"],
  ["its table", "select orders.note from fct_orders orders"],
  ["quotes and capitals", 'select "NOTE" from fct_orders'],
  ["where", "select order_key from fct_orders where note like 'f%'"],
  ["group by", "select count(*) from fct_orders group by note"],
  ["group by all", "select note, count(*) from fct_orders group by all"],
  ["having", "select order_key, count(*) from fct_orders group by order_key having max(note) > 'a'"],
  ["order by", "select order_key from fct_orders order by note"],
  ["distinct on", "select distinct on (note) order_key from fct_orders"],
  ["a function", "select upper(coalesce(note, '')) from fct_orders"],
  ["an aggregate's filter", "select count(*) filter (where note = 'x') from fct_orders"],
  ["a window", "select row_number() over (partition by note order by order_key) from fct_orders"],
  ["qualify", "select order_key from fct_orders qualify row_number() over (order by note) = 1"],
  ["a join", "select fct_orders.order_key from fct_orders join fct_visits on note = memo"],
  ["using", "select 1 from fct_orders a join fct_orders b using (note)"],
  ["a CTE", "with noted as (select note from fct_orders) select count(*) from noted"],
  ["a subquery", "select (select max(note) from fct_orders)"],
  ["exists", "select memo from fct_visits where exists (select 1 from fct_orders where note = memo)"],
  ["a correlated subquery", "select (select note) from fct_orders"],
  ["a union", "select memo from fct_visits union select note from fct_orders"],
  ["a list", "select list_transform([1], lambda x: x || note) from fct_orders"],
  ["exclude", "select * exclude (note) from fct_orders"],
  ["replace", "select * replace (1 as note) from fct_orders"],
  ["columns", "select columns(['note']) from fct_orders"],
  ["a row", "select fct_orders.note.x from fct_orders"],
  ["a field of a row", "select struct_extract(fct_orders, 'note') from fct_orders"],
  ["explain", "explain select note from fct_orders"],
];

describe("O2: a hidden column named in a statement", () => {
  test.each(namings)("by %s is 403 and named", async (_, statement) => {
    const { status, detail, rows } = await company.ask("hidden", statement);
    expect([status, rows, detail]).toEqual([
      403,
      undefined,
      expect.stringContaining("column note of fct_orders is not shown to you") as string,
    ]);
    expect(detail).not.toMatch(/first|second/);
  });

  test.each(namings.filter(([naming]) => naming !== "a row"))("by %s runs for who is shown it", async (_, statement) => {
    const { status, detail } = await company.ask("whole", statement);
    expect([status, detail]).toEqual([200, undefined]);
  });

  test("is told with its place, in a file's statement too", async () => {
    const statement = "select order_key,\n  note from fct_orders";
    expect(await company.ask("hidden", statement)).toMatchObject({ status: 403, position: { line: 2, column: 3 } });
    const file = await company.send("hidden", { sql: statement, format: "csv" });
    expect([file.status, await file.json()]).toMatchObject([403, { position: { line: 2, column: 3 } }]);
  });

  test("is not the one that is not there, nor another table's, nor a name that the statement gives", async () => {
    expect(await company.ask("hidden", "select notes from fct_orders")).toMatchObject({ status: 422, position: { line: 1, column: 8 } });
    expect(await company.ask("hidden", "select amont from fct_orders")).toMatchObject({
      status: 422,
      suggestions: ["amount", "owner_key"],
    });
    expect(await company.ask("hidden", "select note from fct_visits")).toMatchObject({ status: 422 });
    expect((await company.ask("hidden", "select memo as note from fct_visits order by note")).rows).toEqual([["visit"]]);
    expect((await company.ask("hidden", "select * from fct_orders order by 1")).columns.map(({ name }) => name)).toEqual([
      "order_key",
      "owner_key",
      "amount",
    ]);
  });
});

describe("O2: a column that is not shown as it is", () => {
  const ordersWhere = async (who: string, condition: string): Promise<SqlBody["rows"]> =>
    (await company.ask(who, `select order_key from fct_orders where ${condition} order by 1`)).rows;

  test("and masked compares, groups, sorts and joins by its masked text", async () => {
    expect((await company.ask("masked", "select order_key, note from fct_orders order by 1")).rows).toEqual([
      [11, "f***"],
      [12, "s***"],
    ]);
    expect(await ordersWhere("masked", "note = 'first note' or note like '%note%' or length(note) > 4")).toEqual([]);
    expect(await ordersWhere("masked", "note = 'f***'")).toEqual([[11]]);
    expect((await company.ask("masked", "select note, count(*) from fct_orders group by note order by note desc")).rows).toEqual([
      ["s***", "1"],
      ["f***", "1"],
    ]);
    expect(
      (await company.ask("masked", "select count(*) from fct_orders join (values ('first note')) known(text) on text = note")).rows,
    ).toEqual([["0"]]);
  });

  test("in others' rows only: empty there, in its place", async () => {
    expect((await company.ask("hidden in others' rows", "select order_key, note from fct_orders order by 1")).rows).toEqual([
      [11, "first note"],
      [12, null],
    ]);
    expect(await ordersWhere("hidden in others' rows", "note like 's%'")).toEqual([]);
  });
});
