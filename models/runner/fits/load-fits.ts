import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { didYouMean, ProjectError } from "../errors.ts";
import type { Project } from "../resources.ts";
import type { Fit } from "./definition.ts";
import { fitTablesOf } from "./fit-tables.ts";

/** Where a project's fits are, beside dbt_project.yml. */
const folder = "fits";

/** The files of the project's fits, in the order of their names. None: a project without the folder. */
export async function fitFiles(projectDir: string): Promise<string[]> {
  const entries = await readdir(join(projectDir, folder), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(projectDir, folder, entry.name))
    .sort();
}

/** The project's fits, each checked against the models and the source tables it names. */
export async function loadFits(project: Project, projectDir: string): Promise<Fit[]> {
  const fits: Fit[] = [];
  for (const file of await fitFiles(projectDir)) fits.push(await importFit(file));
  const models = [...project.nodes.values()].filter((node) => node.resourceType === "model").map((node) => node.name);
  const tables = fitTablesOf(project);
  for (const fit of fits) {
    for (const input of fit.inputs)
      if (!models.includes(input))
        throw new ProjectError(`fit ${fit.name} reads ${input}, which is not a model.${didYouMean(input, models)}`);
    if (!tables.some((table) => table.fit === fit.name))
      throw new ProjectError(`fit ${fit.name} has nowhere to write: no source table has meta.fit: ${fit.name}`);
  }
  for (const { fit, schema, identifier } of tables) {
    const names = fits.map(({ name }) => name);
    if (fit !== null && !names.includes(fit))
      throw new ProjectError(`source table ${schema}.${identifier}: there is no fit ${fit}.${didYouMean(fit, names)}`);
  }
  return fits;
}

export async function importFit(file: string): Promise<Fit> {
  const module: { default?: unknown } = await import(pathToFileURL(file).href);
  if (!isFit(module.default)) throw new ProjectError(`${file}: its default export must be a fit: { name, inputs, run }`);
  return module.default;
}

function isFit(value: unknown): value is Fit {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    typeof value.name === "string" &&
    "inputs" in value &&
    Array.isArray(value.inputs) &&
    "run" in value &&
    typeof value.run === "function"
  );
}
