import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { loadProject } from "../models/runner/load-project.ts";
import { runModels } from "../models/runner/run-models.ts";
import { planUnits } from "../models/runner/schedule.ts";
import { Graph } from "../models/runner/graph.ts";
import { selectNodes } from "../models/runner/selectors.ts";
import { percentile, timed, type Benchmark } from "./benchmark.ts";

const parseLimitMs = 2_000;
const noopLimitMs = 500;
const models = 1_000;
const perLayer = 100;

/** A project of ten layers of a hundred models, each with two parents, a YAML file and two tests. */
async function writeBigProject(folder: string): Promise<void> {
  await writeFile(join(folder, "dbt_project.yml"), "name: big\nmodels: {big: {+materialized: view}}\n");
  for (let layer = 0; layer < models / perLayer; layer++) {
    const directory = join(folder, "models", `layer_${layer}`);
    await mkdir(directory, { recursive: true });
    for (let index = 0; index < perLayer; index++) {
      const name = `model_${layer}_${index}`;
      const parent = (which: number): string => `{{ ref('model_${layer - 1}_${which % perLayer}') }}`;
      const sql =
        layer === 0
          ? `select 1 as id, ${index} as value`
          : `with joined as (select one.id, one.value + two.value as value from ${parent(index)} as one join ${parent(index * 7)} as two using (id))
select id, value{% for letter in ['x', 'y'] %}, value as {{ letter }}_value{% endfor %} from joined`;
      await writeFile(join(directory, `${name}.sql`), `{{ config(tags=['t${index % 5}']) }}\n${sql}\n`);
      await writeFile(
        join(directory, `${name}.yml`),
        `models:\n  - name: ${name}\n    description: One row per thing.\n    columns:\n      - {name: id, description: The key., data_tests: [unique, not_null]}\n`,
      );
    }
  }
}

/** Reading, parsing and planning a project of 1,000 models, nothing kept from earlier; then a build of it that selects nothing. */
const parse: Benchmark = {
  names: ["runner.parse", "runner.noop"],
  run: async ({ scale }) => {
    const folder = await mkdtemp(join(tmpdir(), "kehu-bench-runner-"));
    try {
      await writeBigProject(folder);
      const parses: number[] = [];
      for (let run = 0; run < 5; run++) {
        const startedAt = performance.now();
        const project = await loadProject({
          projectDir: folder,
          target: { name: "bench", catalog: "big", schema: "main", threads: 2 },
          vars: {},
        });
        const chosen = selectNodes(project, [], []);
        const nodes = [...project.nodes.values()].filter((node) => chosen.has(node.uniqueId));
        if (planUnits(nodes, new Graph(project.nodes.values()), true).length === 0) throw new Error("nothing was planned");
        parses.push(performance.now() - startedAt);
      }
      const noops: number[] = [];
      for (let run = 0; run < 12; run++) {
        const startedAt = performance.now();
        const summary = await runModels({
          command: "build",
          projectDir: folder,
          database: join(folder, "big.duckdb"),
          select: ["tag:none"],
        });
        if (summary.exitCode !== 0 || summary.results.length > 0) throw new Error(summary.error ?? "something was built");
        // The first run leaves what the later ones read.
        if (run > 0) noops.push(performance.now() - startedAt);
      }
      return [
        timed("runner.parse", percentile(parses, 0.5), "limit", parseLimitMs, scale, parses.length),
        timed("runner.noop", percentile(noops, 0.5), "limit", noopLimitMs, scale, noops.length),
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const overheadRuns = 7;
const rows = { small: 400_000, full: 4_000_000 };

/** Staging, dimensions, facts and reports over generated orders, with dbt's tests left out: the script has none either. */
async function writeSales(folder: string, orders: number): Promise<void> {
  await mkdir(join(folder, "models"), { recursive: true });
  await writeFile(join(folder, "dbt_project.yml"), "name: sales\nmodels: {sales: {+materialized: table}}\n");
  const files: Record<string, string> = {
    stg_orders: `select i as order_id, i % 20000 as customer_id, i % 60 as employee_id, date '2023-01-01' + (i % 1095)::int as ordered_on, (i * 7919 % 100000) / 100.0 as amount from range(${orders}) as r(i)`,
    stg_customers: "select i as customer_id, 'customer ' || i as name, i % 31 as region from range(20000) as r(i)",
    stg_lines:
      "select order_id, line, order_id * 3 % 500 as product_id, amount / 3 as amount from {{ ref('stg_orders') }}, range(3) as lines(line)",
    dim_customers:
      "select customers.*, min(ordered_on) as first_order, count(*) as orders from {{ ref('stg_customers') }} as customers left join {{ ref('stg_orders') }} using (customer_id) group by all",
    fct_orders:
      "select orders.*, region, row_number() over (partition by customer_id order by ordered_on, order_id) as nth from {{ ref('stg_orders') }} as orders join {{ ref('stg_customers') }} using (customer_id)",
    fct_lines:
      "select lines.*, orders.ordered_on, orders.region from {{ ref('stg_lines') }} as lines join {{ ref('fct_orders') }} as orders using (order_id)",
    rpt_months:
      "select date_trunc('month', ordered_on) as month, region, sum(amount) as amount, count(distinct product_id) as products from {{ ref('fct_lines') }} group by all",
    rpt_customers: "select region, count(*) as customers, sum(orders) as orders from {{ ref('dim_customers') }} group by all",
  };
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, "models", `${name}.sql`), sql);
}

async function inDatabase<T>(file: string, threads: number, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(file, { threads: String(threads) });
  const connection = await instance.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A full build against the same compiled SQL as one script on one connection, turn about, each into an empty file. */
const overhead: Benchmark = {
  names: ["runner.overhead"],
  run: async ({ scale }) => {
    const folder = await mkdtemp(join(tmpdir(), "kehu-bench-overhead-"));
    try {
      await writeSales(folder, rows[scale]);
      const threads = 2;
      const ours: number[] = [];
      const script: number[] = [];
      let statements: string[] = [];
      for (let run = 0; run <= overheadRuns; run++) {
        const built = join(folder, `built_${run}.duckdb`);
        const took = await inDatabase(built, threads, async (connection) => {
          const startedAt = performance.now();
          const summary = await runModels({ command: "build", projectDir: folder, connection, catalog: `built_${run}`, targetPath: null });
          if (summary.exitCode !== 0) throw new Error(summary.error ?? summary.results.map((result) => result.message).join("\n"));
          statements = summary.results.map((result) => {
            const place = (sql: string): string => sql.replaceAll(`"built_${run}"`, `"script_${run}"`);
            return `create or replace table ${place(result.relationName ?? "")} as (\n${place(result.compiledCode ?? "")}\n)`;
          });
          return performance.now() - startedAt;
        });
        const peer = await inDatabase(join(folder, `script_${run}.duckdb`), threads, async (connection) => {
          const startedAt = performance.now();
          await connection.run(statements.join(";\n"));
          return performance.now() - startedAt;
        });
        await rm(built);
        await rm(join(folder, `script_${run}.duckdb`));
        // The first pair warms the files and the code.
        if (run === 0) continue;
        ours.push(took);
        script.push(peer);
      }
      return [
        timed("runner.overhead", percentile(ours, 0.5), "the compiled SQL as one script", percentile(script, 0.5), scale, overheadRuns),
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

export default [parse, overhead];
