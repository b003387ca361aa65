import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ProjectError } from "./errors.ts";
import { renderSettings } from "./render-settings.ts";
import type { ProjectSettings, Settings, TargetInfo } from "./resources.ts";
import { asSettings, asText, asTexts, parseYaml } from "./yaml.ts";

/** Reads dbt_project.yml. `vars` given by the caller are visible to `{{ var() }}` inside it. */
export async function readProjectFile(directory: string, target: TargetInfo, vars: Settings): Promise<ProjectSettings> {
  const folder = resolve(directory);
  const file = join(folder, "dbt_project.yml");
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ProjectError(`no dbt_project.yml in ${folder}: name the project's folder with --project-dir`, { cause });
  });
  const raw = parseYaml(text, "dbt_project.yml");
  const { name } = raw;
  if (typeof name !== "string" || !/^[A-Za-z_]\w*$/.test(name)) {
    throw new ProjectError(`dbt_project.yml: "name" must be letters, digits and underscores, found ${JSON.stringify(name)}`);
  }
  const ownVars = asSettings(raw.vars, "dbt_project.yml: vars");
  const settings = await renderSettings(raw, { file: "dbt_project.yml", target, vars: { ...flattenVars(ownVars, name), ...vars } });
  const paths = (key: string, fallback: string[]): string[] =>
    settings[key] === undefined ? fallback : asTexts(settings[key], `dbt_project.yml: ${key}`);
  const tree = (...keys: string[]): Settings =>
    Object.assign({}, ...keys.map((key) => asSettings(settings[key], `dbt_project.yml: ${key}`)));
  return {
    name,
    version: settings.version === undefined ? "" : asText(settings.version, "dbt_project.yml: version"),
    directory: folder,
    modelPaths: paths("model-paths", ["models"]),
    seedPaths: paths("seed-paths", ["seeds"]),
    snapshotPaths: paths("snapshot-paths", ["snapshots"]),
    testPaths: paths("test-paths", ["tests"]),
    macroPaths: paths("macro-paths", ["macros"]),
    targetPath: settings["target-path"] === undefined ? "target" : asText(settings["target-path"], "dbt_project.yml: target-path"),
    vars: flattenVars(asSettings(settings.vars, "dbt_project.yml: vars"), name),
    onRunStart: asTexts(raw["on-run-start"], "dbt_project.yml: on-run-start"),
    onRunEnd: asTexts(raw["on-run-end"], "dbt_project.yml: on-run-end"),
    configTrees: {
      models: tree("models"),
      seeds: tree("seeds"),
      snapshots: tree("snapshots"),
      tests: tree("tests", "data_tests"),
      sources: tree("sources"),
      unit_tests: tree("unit_tests"),
    },
  };
}

/** `vars: {kehu: {a: 1}, b: 2}`: those under the project's name win over the general ones. */
function flattenVars(vars: Settings, projectName: string): Settings {
  const { [projectName]: own, ...general } = vars;
  return own === undefined ? general : { ...general, ...asSettings(own, `dbt_project.yml: vars.${projectName}`) };
}
