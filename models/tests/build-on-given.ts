import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { runModels } from "../runner/run-models.ts";
import { writeProject } from "../runner/testing.ts";

const project = join(import.meta.dirname, "..");

/** What many models read beside a test's data: a company that has decided nothing. */
const undecided: Readonly<Record<string, string>> = {
  stg_crm__company_settings: "select cast(null as varchar) as key, cast(null as varchar) as value where false",
};

/**
 * Builds models of this project (`marts/fct_customer_rfm`) on data of a test: `given` has the SQL of everything they read that is not built.
 * `asOf` is a calendar day. Answers the DuckDB file. Raises with what failed.
 */
export async function buildOnGiven(models: readonly string[], given: Readonly<Record<string, string>>, asOf: string): Promise<string> {
  const files: Record<string, string> = {
    "dbt_project.yml":
      "name: kehu\nversion: '1.0'\nvars: { timezone: Asia/Shanghai, currency: CNY, active_days: 365 }\nmodels: { +materialized: table }\n",
  };
  for (const name of await readdir(join(project, "macros")))
    // All in one schema: the test reads them by their names.
    if (name.endsWith(".sql") && name !== "generate_schema_name.sql")
      files[`macros/${name}`] = await readFile(join(project, "macros", name), "utf8");
  for (const path of models) files[`models/${path}.sql`] = await readFile(join(project, "models", `${path}.sql`), "utf8");
  for (const [name, sql] of Object.entries({ ...undecided, ...given })) files[`models/given/${name}.sql`] = sql;
  const projectDir = await writeProject(files);
  const database = join(projectDir, "given.duckdb");
  const { error, results } = await runModels({
    command: "build",
    projectDir,
    database,
    vars: { as_of: `${asOf}T04:00:00Z` },
    targetPath: null,
  });
  const failed = results.filter(({ status }) => status !== "success").map(({ name, message }) => `${name}: ${message}`);
  if (error !== null || failed.length > 0) throw new Error([error ?? "", ...failed].join("\n"));
  return database;
}
