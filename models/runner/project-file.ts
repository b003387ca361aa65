import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ProjectError } from "./errors.ts";
import { renderSettings } from "./render-settings.ts";
import type { ProjectSettings, QueryComment, Settings, TargetInfo } from "./resources.ts";
import { asList, asSettings, asText, asTexts, isSettings, parseYaml } from "./yaml.ts";
import { YamlPlace } from "./yaml-place.ts";

/** Reads dbt_project.yml. `vars` given by the caller are visible to `{{ var() }}` inside it; `prefix` is the folder as messages show it. */
export async function readProjectFile(directory: string, target: TargetInfo, vars: Settings, prefix = ""): Promise<ProjectSettings> {
  const folder = resolve(directory);
  const file = `${prefix}dbt_project.yml`;
  const text = await readFile(join(folder, "dbt_project.yml"), "utf8").catch((cause: unknown) => {
    throw new ProjectError(`no dbt_project.yml in ${folder}: name the project's folder with --project-dir`, { cause });
  });
  const raw = parseYaml(text, file);
  const place = new YamlPlace(file, text);
  const { name } = raw;
  if (typeof name !== "string" || !/^[A-Za-z_]\w*$/.test(name)) {
    throw place.at("name").error(`"name" must be letters, digits and underscores, found ${JSON.stringify(name)}`);
  }
  const ownVars = asSettings(raw.vars, place.at("vars"));
  const settings = await renderSettings(raw, {
    file,
    kind: "project",
    target,
    projectName: name,
    vars: { ...flattenVars(ownVars, name, place), ...vars },
  });
  /** The first key that is set; the later ones are dbt's names before 1.0. */
  const paths = (keys: string[], fallback: string[]): string[] => {
    const key = keys.find((candidate) => settings[candidate] !== undefined);
    return key === undefined ? fallback : asTexts(settings[key], place.at(key));
  };
  const tree = (...keys: string[]): Settings => Object.assign({}, ...keys.map((key) => asSettings(settings[key], place.at(key))));
  const varTree = asSettings(settings.vars, place.at("vars"));
  const modelPaths = paths(["model-paths", "source-paths"], ["models"]);
  const seedPaths = paths(["seed-paths", "data-paths"], ["seeds"]);
  const snapshotPaths = paths(["snapshot-paths"], ["snapshots"]);
  const testPaths = paths(["test-paths"], ["tests"]);
  const macroPaths = paths(["macro-paths"], ["macros"]);
  const analysisPaths = paths(["analysis-paths"], ["analyses"]);
  const targetPath = settings["target-path"] === undefined ? "target" : asText(settings["target-path"], place.at("target-path"));
  return {
    name,
    version: settings.version === undefined ? "" : asText(settings.version, place.at("version")),
    directory: folder,
    prefix,
    modelPaths,
    seedPaths,
    snapshotPaths,
    testPaths,
    macroPaths,
    analysisPaths,
    docsPaths: paths(["docs-paths"], [...new Set([...modelPaths, ...seedPaths, ...snapshotPaths, ...analysisPaths, ...macroPaths])]),
    packagesPath:
      settings["packages-install-path"] === undefined
        ? "dbt_packages"
        : asText(settings["packages-install-path"], place.at("packages-install-path")),
    targetPath,
    cleanTargets: paths(["clean-targets"], [targetPath]),
    restrictsAccess: settings["restrict-access"] === true,
    vars: flattenVars(varTree, name, place),
    varTree,
    dispatch: readDispatch(settings.dispatch, place),
    queryComment: readQueryComment(raw["query-comment"]),
    onRunStart: asTexts(raw["on-run-start"], place.at("on-run-start")),
    onRunEnd: asTexts(raw["on-run-end"], place.at("on-run-end")),
    configTrees: {
      models: tree("models"),
      seeds: tree("seeds"),
      snapshots: tree("snapshots"),
      tests: tree("tests", "data_tests"),
      sources: tree("sources"),
      unit_tests: tree("unit_tests"),
      exposures: tree("exposures"),
    },
  };
}

/** `vars: {kehu: {a: 1}, b: 2}`: those under the project's name win over the general ones. */
function flattenVars(vars: Settings, projectName: string, place: YamlPlace): Settings {
  const { [projectName]: own, ...general } = vars;
  return own === undefined ? general : { ...general, ...asSettings(own, place.at("vars", projectName)) };
}

function readDispatch(value: unknown, project: YamlPlace): ReadonlyMap<string, readonly string[]> {
  const place = project.at("dispatch");
  return new Map(
    asList(value, place).map((item) => {
      const entry = asSettings(item, place);
      return [asText(entry.macro_namespace, place.at("macro_namespace")), asTexts(entry.search_order, place.at("search_order"))];
    }),
  );
}

/** Off unless the project asks for one: the comment would make equal statements differ. */
function readQueryComment(value: unknown): QueryComment | null {
  const { comment, append }: Settings = isSettings(value) ? value : { comment: value };
  return typeof comment === "string" && comment.trim() !== "" ? { text: comment, append: append === true } : null;
}
