import { readdirSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { tableFromIPC } from "apache-arrow";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { load, manualSource, newFolder, startSemantic, writeModel, writeSnapshot } from "../testing.ts";
import { companyMarts, companyModel, companySql } from "../policy.fixture.ts";
import { people, startCompany, type Company } from "./testing.ts";

/** Runs for minutes and takes little memory. */
const endless = "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3";

/** A machine that others use too takes its time. */
const soon = <T>(check: () => T) => expect.poll(check, { timeout: 60_000 });

let company: Company;
beforeAll(async () => {
  company = await startCompany();
});
afterAll(async () => company.app.close());

describe("rows", () => {
  test("are the caller's, exact and with their types", async () => {
    const sql = "select order_key, amount, ordered_date, ordered_at, amount / 3 as third, '客户' as 名称 from fct_orders order by 1";
    expect(await company.ask("rep", sql)).toMatchObject({
      status: 200,
      columns: [
        { name: "order_key", type: "INTEGER" },
        { name: "amount", type: "DECIMAL(18,2)" },
        { name: "ordered_date", type: "DATE" },
        { name: "ordered_at", type: "TIMESTAMP WITH TIME ZONE" },
        { name: "third", type: "DOUBLE" },
        { name: "名称", type: "VARCHAR" },
      ],
      rows: [
        [11, "0.10", "2026-05-01", "2026-04-30T16:30:00Z", 0.1 / 3, "客户"],
        [12, "0.20", "2026-06-30", "2026-06-30T15:59:59.9995Z", 0.2 / 3, "客户"],
      ],
      truncated: false,
      total: 2,
      tables: ["fct_orders"],
      build: "b1",
      freshTo: "2026-07-15T04:00:00Z",
    });
  });

  test("are what the semantic layer shows the same caller", async () => {
    const folder = newFolder();
    const pointer = await writeSnapshot(folder, "b1", companySql, companyMarts);
    const callers = Object.fromEntries(Object.entries(people).map(([name, { scope }]) => [name, { scope, locale: "zh-CN" as const }]));
    const semantic = await startSemantic({ modelDir: writeModel(folder, companyModel), snapshots: manualSource(pointer) }, callers);
    try {
      for (const name of Object.keys(people)) {
        const { results } = await load(semantic, { measures: ["orders.count", "orders.amount"] }, { caller: name });
        const row = results[0]!.data[0]!;
        const answer = await company.ask(name, "select count(*), sum(amount)::decimal(38,2) from fct_orders");
        expect([name, answer.rows]).toEqual([name, [[row["orders.count"], row["orders.amount"]]]]);
      }
    } finally {
      await semantic.close();
    }
  });

  test("beyond the limit are counted and left out", async () => {
    expect(await company.ask("rep", "select * from range(25)", { limit: 10 })).toMatchObject({ truncated: true, total: 25 });
    const most = await company.ask("rep", "select * from range(20000)", { limit: 1_000_000 });
    expect([most.rows.length, most.truncated, most.total]).toEqual([10_000, true, 20_000]);
    expect(await company.ask("rep", "select * from range(100000000)", { limit: 1 })).toMatchObject({ truncated: true, total: null });
  });

  test("nested and unusual values are JSON", async () => {
    const sql = "select [1, 2], {x: 1.50}, map {'a': 1}, 170141183460469231731687303715884105727::hugeint, null, true, 'nan'::double";
    expect((await company.ask("rep", sql)).rows).toEqual([
      [[1, 2], { x: "1.50" }, [{ key: "a", value: 1 }], "170141183460469231731687303715884105727", null, true, "NaN"],
    ]);
  });

  test("EXPLAIN and DESCRIBE tell of the caller's tables", async () => {
    expect((await company.ask("rep", "-- why slow\nexplain select sum(amount) from fct_orders")).rows[0]![0]).toBe("physical_plan");
    expect((await company.ask("rep", "describe fct_orders")).rows.map(([name]) => name)).toContain("amount");
  });

  test("a CTE may have a mart's name, and a table its own in another's", async () => {
    expect((await company.ask("rep", "with fct_undeclared as (select 7 as x) select x from fct_undeclared")).rows).toEqual([[7]]);
    expect(await company.ask("rep", "with fct_orders as (select * from fct_orders) select count(*) from fct_orders")).toMatchObject({
      rows: [["2"]],
      tables: ["fct_orders"],
    });
  });
});

describe("parameters", () => {
  test.each([
    ["by position, text compared as what it is compared with", "order_key = $1 and ordered_date >= $2", [12, "2026-06-01"]],
    ["by name", "order_key = $key", { key: 12 }],
    ["decimal text", "amount = $1", [{ type: "decimal", value: "0.20" }]],
    ["a number with a fraction is exact", "amount = $1", [0.2]],
    ["a day", "ordered_date = $1", [{ type: "date", value: "2026-06-30" }]],
    ["an instant", "ordered_at < $1 and ordered_at > $2", [{ type: "instant", value: "2026-06-30T16:00:00Z" }, "2026-05-01"]],
    ["a list", "order_key in (select unnest($1))", [[12, 99]]],
    ["null", "order_key = 12 and $1 is null", [null]],
  ])("%s", async (_, condition, params) => {
    const answer = await company.ask("rep", `select order_key from fct_orders where ${condition}`, { params });
    expect([answer.detail, answer.rows]).toEqual([undefined, [[12]]]);
  });

  test("a decimal stays one through arithmetic", async () => {
    const params = [{ type: "decimal", value: "1000000000000000.01" }, 0.1];
    expect((await company.ask("rep", "select $1 + $2, typeof($2)", { params })).rows).toEqual([["1000000000000000.11", "DECIMAL(18,1)"]]);
  });

  test.each([
    [[{ type: "date", value: "2026-02-30" }], '$1: "2026-02-30" is no day'],
    [[{ type: "money", value: "1" }], "allowed: text, boolean, integer, number, decimal, date, instant"],
    [[], "has 1 parameters, but 0 were sent"],
    [[1, 2], "has 1 parameters, but 2 were sent"],
    [[[1, "x"]], "is a list of values of different types"],
    ["x", "params is a list ($1, $2 …) or an object ($name)"],
  ])("%j is refused", async (params, expected) => {
    const answer = await company.ask("rep", "select $1", { params });
    expect([answer.status, answer.detail]).toEqual([422, expect.stringContaining(expected)]);
  });
});

describe("errors say where, what and what was perhaps meant", () => {
  test.each([
    ["select * fro fct_orders", 422, { line: 1, column: 14 }, "syntax error", undefined],
    ["select\n  '客户' as 名, amont\nfrom fct_orders", 422, { line: 2, column: 14 }, '"amont" not found', "amount"],
    ["select *\nfrom fct_order", 403, { line: 2, column: 6 }, "no table fct_order", "fct_orders"],
    ["select '客户', summ(amount) from fct_orders", 403, { line: 1, column: 14 }, "function summ", "sum"],
    ["select sum(owner_name) from fct_orders", 422, { line: 1, column: 12 }, "owner_name", "owner_key"],
    ["select '客户'::integer", 422, { line: 1, column: 12 }, "Could not convert", undefined],
    ["", 422, undefined, "sql is the text", undefined],
    ["-- nothing", 422, undefined, "no statement", undefined],
  ])("%j", async (sql, status, position, message, suggestion) => {
    const answer = await company.ask("rep", sql);
    expect([answer.status, answer.position]).toEqual([status, position]);
    expect(answer.detail.toLowerCase()).toContain(message.toLowerCase());
    if (suggestion) expect(answer.suggestions).toContain(suggestion);
  });

  test("a table that others may read is told no different from one that is not there", async () => {
    const [granted, absent] = [await company.ask("rep", "from rpt_leaderboard"), await company.ask("rep", "from rpt_leaderboart")];
    expect(granted.detail.replaceAll("rpt_leaderboard", "")).toBe(absent.detail.replaceAll("rpt_leaderboart", ""));
    expect(granted.status).toBe(absent.status);
  });

  test("a body that is none says what one is", async () => {
    for (const [body, expected] of [
      ["{", "not JSON"],
      ["[]", "the body is an object"],
      ['{"sql": "select 1", "query": 1}', 'the body has "query"; allowed: sql, params'],
      ['{"sql": "select 1", "format": "pdf"}', "format is one of json, arrow, csv, parquet, xlsx"],
      ['{"sql": "select 1", "id": "../x"}', "id is 8 to 64 letters"],
    ]) {
      const response = await company.send("rep", body);
      expect([response.status < 500, ((await response.json()) as { detail: string }).detail]).toEqual([
        true,
        expect.stringContaining(expected!),
      ]);
    }
    expect((await company.send("nobody", { sql: "select 1" })).status).toBe(401);
  });
});

describe("files", () => {
  const sql = "select order_key, amount, ordered_date, ordered_at, '=1+1' as 文本 from fct_orders order by 1";
  const fetchFile = async (who: string, format: string, statement = sql): Promise<{ response: Response; bytes: Buffer }> => {
    const response = await company.send(who, { sql: `${statement} -- with a comment at its end;`, format });
    return { response, bytes: Buffer.from(await response.arrayBuffer()) };
  };

  test("csv", async () => {
    const { response, bytes } = await fetchFile("executive", "csv");
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(bytes.toString().split("\n").slice(0, 2)).toEqual([
      "order_key,amount,ordered_date,ordered_at,文本",
      "11,0.10,2026-05-01,2026-04-30 16:30:00+00,'=1+1",
    ]);
  });

  test("csv shows what a spreadsheet would calculate, in texts and names of columns, and leaves numbers alone", async () => {
    const texts = ["=cmd()", "+86 21 1234", "-2+3", "@SUM(1)", "\t=1", "\r=1", "-5.00", "+7", "a=b", "' =1", "客户"];
    const response = await company.send("executive", {
      sql: 'select text, -1.5::decimal(18, 2) as "-figure", -2::double as double from unnest($1) as texts(text)',
      params: [texts],
      format: "csv",
    });
    expect((await response.text()).trimEnd().split("\n")).toEqual([
      "text,'-figure,double",
      ...["'=cmd()", "'+86 21 1234", "'-2+3", "'@SUM(1)", "'\t=1", '"\'\r=1"', "-5.00", "+7", "a=b", "' =1", "客户"].map(
        (text) => `${text},-1.50,-2.0`,
      ),
    ]);
  });

  test("parquet, read back", async () => {
    const { bytes } = await fetchFile("executive", "parquet");
    const file = join(newFolder(), "answer.parquet");
    await writeFile(file, bytes);
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const back = await connection.runAndReadAll(`select count(*), sum(amount)::varchar, min(typeof(ordered_at)) from '${file}'`);
    expect(back.getRowsJson()).toEqual([["6", "1000000000000021.31", "TIMESTAMP WITH TIME ZONE"]]);
    connection.closeSync();
  });

  test("arrow", async () => {
    const { bytes } = await fetchFile(
      "executive",
      "arrow",
      "select *, null as nothing, amount > 1 as large, sum(order_key) over () as total from fct_orders order by order_key",
    );
    const table = tableFromIPC(bytes);
    expect(table.numRows).toBe(6);
    expect(table.schema.fields.map(({ name, type }) => `${name} ${type.toString()}`)).toContain("amount Decimal[18e+2]");
    expect([...table.getChild("large")!]).toEqual([false, false, true, true, true, true]);
    expect(table.getChild("owner_key")!.get(5)).toBeNull();
    expect(String(table.getChild("total")!.get(0))).toBe("256");
    expect(tableFromIPC((await fetchFile("executive", "arrow", "from fct_orders where false")).bytes).numRows).toBe(0);
  });

  test("xlsx opens, with typed cells and text that is never a formula", async () => {
    const { bytes } = await fetchFile("executive", "xlsx");
    const { default: exceljs } = await import("exceljs");
    const book = new exceljs.Workbook();
    await book.xlsx.load(bytes as never);
    expect(book.worksheets.map(({ name }) => name)).toEqual(["说明 About", "SQL"]);
    const sheet = book.getWorksheet("SQL")!;
    expect(sheet.rowCount).toBe(7);
    const row = sheet.getRow(2);
    expect([row.getCell(1).value, row.getCell(2).value, row.getCell(5).value]).toEqual([11, 0.1, "=1+1"]);
    expect(row.getCell(3).value).toEqual(new Date("2026-05-01T00:00:00Z"));
    expect(String(sheet.getRow(4).getCell(2).value)).toBe("1000000000000000.01");
    expect(book.getWorksheet(1)!.getCell("B1").value).toContain("select order_key");
  });

  test("need the right to export, and hold what it grants", async () => {
    const refused = await company.send("rep", { sql, format: "csv" });
    expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
      403,
      expect.stringContaining("not export it"),
    ]);
    const { bytes } = await fetchFile("manager", "csv", "select order_key from fct_orders order by 1");
    expect(bytes.toString()).toBe("order_key\n11\n12\n");
  });

  test("longer than allowed are refused, and leave nothing behind", async () => {
    const refused = await company.send("executive", { sql: "select * from range(1000001)", format: "csv" });
    expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
      413,
      expect.stringContaining("up to 1000000"),
    ]);
    const left = readdirSync(company.folder, { recursive: true }).map(String);
    expect(left.filter((name) => name.endsWith(".csv"))).toEqual([]);
  });
});

describe("ending", () => {
  test("a statement by its id, only one's own, and the next one runs", async () => {
    const running = company.ask("rep", endless, { id: "endless-1" });
    const remove = (who: string): Promise<number> =>
      Promise.resolve(company.app.request("/api/sql/endless-1", { method: "DELETE", headers: { "x-caller": who } })).then(
        ({ status }) => status,
      );
    await soon(() => company.ask("rep", "select 1", { id: "endless-1" })).toMatchObject({ status: 422 });
    expect(await remove("manager")).toBe(404);
    expect(await remove("rep")).toBe(204);
    expect(await running).toMatchObject({ status: 499, detail: "The statement was cancelled" });
    expect(await remove("rep")).toBe(404);
    expect((await company.ask("rep", "select 1")).rows).toEqual([[1]]);
  });

  test("a statement whose caller has gone", async () => {
    const gone = new AbortController();
    const running = company.send("rep", { sql: endless, id: "endless-2" }, { signal: gone.signal });
    await soon(() => company.ask("rep", "select 1", { id: "endless-2" })).toMatchObject({ status: 422 });
    gone.abort();
    expect((await running).status).toBe(499);
  });

  test("one statement too many is refused", async () => {
    const running = ["busy-0001", "busy-0002"].map((id) => company.ask("rep", endless, { id }));
    await soon(() => company.ask("rep", "select 1")).toMatchObject({
      status: 429,
      detail: expect.stringContaining("already running 2 statements") as string,
    });
    for (const id of ["busy-0001", "busy-0002"])
      await company.app.request(`/api/sql/${id}`, { method: "DELETE", headers: { "x-caller": "rep" } });
    await Promise.all(running);
  });
});
