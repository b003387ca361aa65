import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { syncOnce } from "@kehu/ingest";
import { createLogger, fillDemoCompany, migrate, startPostgres } from "@kehu/operational-api";
import { loadProject } from "../models/runner/load-project.ts";
import type { NodeResult } from "../models/runner/node-result.ts";
import type { Project } from "../models/runner/resources.ts";
import { runModels } from "../models/runner/run-models.ts";
import { Graph } from "../models/runner/graph.ts";
import { planUnits } from "../models/runner/schedule.ts";
import { seedQuery } from "../models/runner/seed-query.ts";
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
const modelsFolder = join(import.meta.dirname, "../models");
const asOf = "2026-11-22T02:00:00Z";

/** The mirror of the default demo company, in a file. */
async function mirrorDemoCompany(folder: string): Promise<string> {
  const file = join(folder, "mirror.duckdb");
  const logger = createLogger({ service: "bench", level: "error" });
  const postgres = await startPostgres({ dataDir: join(folder, "data"), logger });
  try {
    await migrate(postgres.url);
    await fillDemoCompany({ url: postgres.url, until: new Date(asOf), timezone: "Asia/Shanghai", currency: "CNY" });
    await syncOnce({ source: postgres.url, schema: "crm", database: file, logger });
  } finally {
    await postgres.stop();
  }
  return file;
}

const catalog = "warehouse";

/** The time that `work` takes on an empty warehouse in `folder`, which is removed after it. */
async function onEmptyWarehouse(folder: string, work: (file: string) => Promise<void>): Promise<number> {
  const file = join(folder, `${catalog}.duckdb`);
  const startedAt = performance.now();
  await work(file);
  const elapsed = performance.now() - startedAt;
  await rm(file);
  return elapsed;
}

/** Opens the file, runs the script on one connection with the mirror beside it, and closes the file. */
async function runScript(file: string, mirror: string, script: string): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  try {
    await connection.run(`set TimeZone = 'UTC'; attach '${mirror}' as mirror (read_only)`);
    await connection.run(script);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** What a build sent to the database, in the order in which it ended, as one script. Its tests are left out: they come in queries of the runner's own making. */
function scriptOf(project: Project, results: readonly NodeResult[]): string {
  const nodes = results.flatMap(({ uniqueId, compiledCode }) => {
    const node = project.nodes.get(uniqueId);
    return node ? [{ node, sql: compiledCode ?? seedQuery(node, project.settings.directory) }] : [];
  });
  const schemas = new Set(nodes.map(({ node }) => `create schema if not exists ${node.database}.${node.schema}`));
  const relations = nodes.map(({ node, sql }) => {
    const kind = node.config.materialized === "view" ? "view" : "table";
    return `create or replace ${kind} ${node.database}.${node.schema}.${node.alias} as (\n${sql}\n)`;
  });
  return [...schemas, ...relations].join(";\n");
}

/**
 * `kehu build --database FILE --attach mirror=FILE` of this repository's models on the default demo company, as many nodes at once as it chooses, without
 * tests and fits, against the SQL it compiled as one script on one connection: turn about, each from opening an empty file to closing it.
 */
const overhead: Benchmark = {
  names: ["runner.overhead"],
  run: async ({ scale }) => {
    const folder = await mkdtemp(join(tmpdir(), "kehu-bench-overhead-"));
    try {
      const mirror = await mirrorDemoCompany(folder);
      const target = { name: "kehu", catalog, schema: "main", threads: 1 };
      const project = await loadProject({ projectDir: modelsFolder, target, vars: { as_of: asOf } });
      const ours: number[] = [];
      const peer: number[] = [];
      for (let run = 0; run <= overheadRuns; run++) {
        let script = "";
        const took = await onEmptyWarehouse(folder, async (file) => {
          const summary = await runModels({
            command: "build",
            projectDir: modelsFolder,
            database: file,
            attach: [{ name: "mirror", file: mirror }],
            vars: { as_of: asOf },
            // What reads fits is left out with them: a fit is a program of its own, not SQL.
            exclude: ["resource_type:test", "resource_type:unit_test", "source:fits+"],
            targetPath: join(folder, "target"),
          });
          if (summary.exitCode !== 0) throw new Error(summary.error ?? summary.results.map((result) => result.message).join("\n"));
          script = scriptOf(project, summary.results);
        });
        const bare = await onEmptyWarehouse(folder, (file) => runScript(file, mirror, script));
        // The first pair warms the files and the code, and leaves the parsed project as every build does.
        if (run === 0) continue;
        ours.push(took);
        peer.push(bare);
      }
      return [
        timed("runner.overhead", percentile(ours, 0.5), "the compiled SQL as one script", percentile(peer, 0.5), scale, overheadRuns),
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

export default [parse, overhead];
