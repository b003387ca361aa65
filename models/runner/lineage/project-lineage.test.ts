import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runModels } from "../run-models.ts";
import type { Settings } from "../resources.ts";
import { writeProject } from "../testing.ts";
import type { ColumnInput, ColumnLineage } from "./lineage.ts";

interface Recorded {
  columns: Record<string, ColumnLineage & { origins: ColumnInput[] }>;
  problem?: string;
}

interface Manifest {
  nodes: Record<string, { resource_type: string; name: string; columns: Settings }>;
  column_lineage: Record<string, Recorded>;
}

/** Compiles a project into a folder of its own (or an earlier run's); returns the manifest. */
async function manifestOf(
  projectDir: string,
  options: { vars?: Settings; command?: "compile" | "build"; database?: string } = {},
): Promise<Manifest> {
  const { command = "compile", database = join(projectDir, "shop.duckdb"), ...rest } = options;
  const summary = await runModels({ command, projectDir, targetPath: "target", database, ...rest });
  expect(summary.error).toBeNull();
  return JSON.parse(await readFile(join(projectDir, "target", "manifest.json"), "utf8"));
}

/** `orders.amount aggregated`, without the prefixes that all ids share. */
const written = (inputs: readonly ColumnInput[]): string[] =>
  inputs.map(({ node, column, kind }) => `${node.split(".").slice(2).join(".")}.${column} ${kind}`).sort();

describe("the lineage of this repository's models", () => {
  const projectDir = join(import.meta.dirname, "../..");
  let targetPath: string;
  let manifest: Manifest;

  beforeAll(async () => {
    targetPath = await mkdtemp(join(tmpdir(), "kehu-lineage-"));
    const database = join(targetPath, "warehouse.duckdb");
    const summary = await runModels({ command: "compile", projectDir, targetPath, database, vars: { as_of: "2026-11-22T02:00:00Z" } });
    expect(summary.error).toBeNull();
    manifest = JSON.parse(await readFile(join(targetPath, "manifest.json"), "utf8"));
  });

  afterAll(() => rm(targetPath, { recursive: true, force: true }));

  const column = (model: string, name: string): Recorded["columns"][string] => {
    const found = manifest.column_lineage[`model.kehu.${model}`]?.columns[name];
    if (!found) throw new Error(`${model}.${name} has no lineage`);
    return found;
  };

  it("is known for every column of every model, and every described column is there", () => {
    const models = Object.entries(manifest.nodes).filter(([, { resource_type: type }]) => type === "model");
    expect(models.length).toBeGreaterThan(30);
    const wrong: string[] = [];
    for (const [id, node] of models) {
      const lineage = manifest.column_lineage[id];
      if (!lineage || lineage.problem) wrong.push(`${id}: ${lineage?.problem ?? "no lineage"}`);
      for (const name of Object.keys(node.columns)) if (!lineage?.columns[name]) wrong.push(`${id}.${name} is described but not made`);
      for (const { name, kind, inputs, problem } of Object.entries(lineage?.columns ?? {}).map(([key, value]) => ({
        ...value,
        name: key,
      }))) {
        if (kind === "unresolved" || problem) wrong.push(`${id}.${name}: ${problem}`);
        if ((inputs.length === 0) !== (kind === "constant")) wrong.push(`${id}.${name}: ${kind} with ${inputs.length} inputs`);
        for (const { node: upstream, column: from } of inputs) {
          const made = manifest.column_lineage[upstream]?.columns;
          if (made && from !== "*" && !made[from]) wrong.push(`${id}.${name} comes from ${upstream}.${from}, which isn't there`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it("an order's amount is the sum of its lines' amounts, which are spread and converted", () => {
    expect(column("fct_orders", "amount").kind).toBe("aggregated");
    expect(written(column("fct_orders", "amount").inputs)).toEqual(["fct_order_lines.amount aggregated"]);
    // Spreading reads the line's place (the last line takes the rest); converting reads the rate and the currency.
    expect(written(column("fct_orders", "amount").origins)).toEqual([
      "crm.exchange_rates.rate aggregated",
      "crm.order_lines.amount aggregated",
      "crm.order_lines.line_number aggregated",
      "crm.order_lines.row_key aggregated",
      "crm.orders.currency aggregated",
      "crm.orders.discount aggregated",
      "crm.orders.exchange_rate aggregated",
      "crm.orders.freight aggregated",
    ]);
  });

  it("a person's amount of a month goes through two aggregates", () => {
    expect(written(column("rpt_employee_month", "order_amount").inputs)).toEqual(["fct_employee_months.order_amount aggregated"]);
    expect(written(column("rpt_employee_month", "order_amount").origins)).toContain("crm.order_lines.amount aggregated");
  });

  it("a tier follows from the rank of recent amounts among those who bought, not from the filters before", () => {
    expect(written(column("fct_customer_tiers", "tier").inputs)).toEqual([
      "fct_orders.* aggregated",
      "fct_orders.amount aggregated",
      "fct_orders.customer_key derived",
    ]);
  });

  it("a rate comes from the document's currency and rate, or the table of rates", () => {
    expect(written(column("int_orders_resolved", "rate").inputs)).toEqual([
      "stg_crm__exchange_rates.rate derived",
      "stg_crm__orders.currency derived",
      "stg_crm__orders.exchange_rate derived",
    ]);
  });

  it("staging renames", () => {
    expect(column("stg_crm__orders", "discount_original").kind).toBe("renamed");
    expect(written(column("stg_crm__orders", "discount_original").inputs)).toEqual(["crm.orders.discount renamed"]);
    expect(written(column("stg_crm__orders", "status").inputs)).toEqual(["crm.orders.status identity"]);
  });

  it("a counted column comes from the rows", () => {
    expect(written(column("fct_orders", "line_count").inputs)).toEqual(["fct_order_lines.* aggregated"]);
    expect(written(column("fct_orders", "line_count").origins)).toEqual(["crm.order_lines.* aggregated", "crm.orders.* aggregated"]);
  });

  it("what is unpivoted comes from every column that was", () => {
    expect(written(column("rpt_target_month", "actual_amount").inputs)).toEqual(
      expect.arrayContaining([
        "fct_employee_months.new_customers aggregated",
        "fct_employee_months.order_amount aggregated",
        "fct_employee_months.receipt_amount aggregated",
        "fct_employee_months.won_amount aggregated",
      ]),
    );
  });
});

describe("the lineage of a project", () => {
  const inputs = (manifest: Manifest, model: string, name: string): string[] =>
    written(manifest.column_lineage[`model.shop.${model}`]?.columns[name]?.inputs ?? []);

  it("goes through ephemeral models, seeds, snapshots, incremental models and files", async () => {
    const projectDir = await writeProject({
      "seeds/rates.csv": "currency,rate\nCNY,1\n",
      "orders.csv": "id,amount\n1,10\n",
      "models/sources.yml": `sources:
  - name: files
    meta: {external_location: "read_csv('{name}.csv')"}
    tables: [{name: orders, columns: [{name: id}, {name: amount}]}]`,
      "models/one.sql":
        "{{ config(materialized='ephemeral') }} select id, amount * rates.rate as total from {{ source('files', 'orders') }} cross join {{ ref('rates') }} as rates",
      "models/two.sql":
        "{{ config(materialized='incremental', unique_key='id') }} select * from {{ ref('one') }} {% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}",
      "snapshots/kept.yml": "snapshots: [{name: kept, relation: ref('two'), config: {strategy: check, check_cols: all, unique_key: id}}]",
      "models/three.sql": "select id, total, dbt_valid_from from {{ ref('kept') }}",
    });
    const manifest = await manifestOf(projectDir);
    expect(inputs(manifest, "one", "total")).toEqual(["files.orders.amount derived", "rates.rate derived"]);
    expect(inputs(manifest, "two", "total")).toEqual(["one.total identity"]);
    expect(written(manifest.column_lineage["snapshot.shop.kept"]?.columns.total?.inputs ?? [])).toEqual(["two.total identity"]);
    expect(inputs(manifest, "three", "dbt_valid_from")).toEqual(["kept.dbt_valid_from identity"]);
    expect(written(manifest.column_lineage["model.shop.three"]?.columns.total?.origins ?? [])).toEqual([
      "files.orders.amount derived",
      "rates.rate derived",
    ]);
  });

  it("says what it can't find out, and finds it once the table stands in the database", async () => {
    const projectDir = await writeProject({
      "models/sources.yml": "sources: [{name: crm, schema: main, tables: [{name: orders}]}]",
      "models/all.sql": "select * from {{ source('crm', 'orders') }}",
      "models/raw.sql": "select x from somewhere",
    });
    const before = await manifestOf(projectDir);
    expect(before.column_lineage["model.shop.all"]?.problem).toMatch(
      /selects \* from source\.shop\.crm\.orders, whose columns aren't known/,
    );
    expect(before.column_lineage["model.shop.raw"]?.columns.x).toMatchObject({
      kind: "unresolved",
      problem: expect.stringMatching(/^somewhere is no model/),
    });
    const database = join(projectDir, "shop.duckdb");
    const instance = await DuckDBInstance.fromCache(database);
    const connection = await instance.connect();
    await connection.run("create table orders (id int, amount int)");
    connection.closeSync();
    instance.closeSync();
    const after = await manifestOf(projectDir, { database });
    expect(after.column_lineage["model.shop.all"]?.problem).toBeUndefined();
    expect(inputs(after, "all", "amount")).toEqual(["crm.orders.amount identity"]);
  });

  it("is traced again when the SQL, or what stands above it, has changed", async () => {
    const files = { "models/a.sql": "select 1 as x, 2 as y", "models/b.sql": "select * from {{ ref('a') }}" };
    const projectDir = await writeProject(files);
    expect(Object.keys((await manifestOf(projectDir)).column_lineage["model.shop.b"]?.columns ?? {})).toEqual(["x", "y"]);
    const kept = await readFile(join(projectDir, "target", "column_lineage.json"), "utf8");
    const same = await manifestOf(projectDir);
    expect(await readFile(join(projectDir, "target", "column_lineage.json"), "utf8")).toBe(kept);
    expect(inputs(same, "b", "y")).toEqual(["a.y identity"]);
    await writeFile(join(projectDir, "models/a.sql"), "select 1 as x, 2 as z");
    expect(Object.keys((await manifestOf(projectDir)).column_lineage["model.shop.b"]?.columns ?? {})).toEqual(["x", "z"]);
  });

  it("is in the manifest of a build too", async () => {
    const projectDir = await writeProject({ "models/a.sql": "select 1 as x", "models/b.sql": "select x + 1 as y from {{ ref('a') }}" });
    const manifest = await manifestOf(projectDir, { command: "build" });
    expect(inputs(manifest, "b", "y")).toEqual(["a.x derived"]);
  });
});
