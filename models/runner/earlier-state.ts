import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError, didYouMean } from "./errors.ts";
import { macroText } from "./macro-text.ts";
import { manifestOf, seedChecksums } from "./manifest.ts";
import { Relation } from "./relation.ts";
import type { Project, Settings } from "./resources.ts";
import { isSettings } from "./yaml.ts";

/** What the artifacts of an earlier run say, for `state:`, `result:`, `source_status:` and `--defer`, with what they are compared with. */
export interface EarlierState {
  /** Nodes, sources, exposures and unit tests of its manifest.json, by unique id. */
  resources: ReadonlyMap<string, Settings>;
  /** The text of each macro, by unique id. */
  macros: ReadonlyMap<string, string>;
  /** The status of each node in its run_results.json; empty when that is absent. */
  results: ReadonlyMap<string, string>;
  /** The newest row of each source by the sources.json of the earlier run and of the target folder; null where there is none. */
  newest: { before: ReadonlyMap<string, string> | null; now: ReadonlyMap<string, string> | null };
  /** The checksums of the seeds' files as they are now, by unique id. */
  seeds: ReadonlyMap<string, string>;
}

/** Reads manifest.json and, where they are there, run_results.json and sources.json from a folder. Raises UsageError when the manifest is absent. */
export async function readEarlierState(folder: string, project: Project, targetFolder: string): Promise<EarlierState> {
  const manifest = await readArtifact(join(folder, "manifest.json"));
  if (!manifest) throw new UsageError(`--state ${folder} has no manifest.json: name the target folder of an earlier run`);
  const section = (name: string): [string, unknown][] => (isSettings(manifest[name]) ? Object.entries(manifest[name]) : []);
  const resources = ["nodes", "sources", "exposures", "unit_tests"].flatMap(section);
  const runResults = await readArtifact(join(folder, "run_results.json"));
  const results = Array.isArray(runResults?.results) ? runResults.results.filter(isSettings) : [];
  return {
    resources: new Map(resources.flatMap(([id, record]): [string, Settings][] => (isSettings(record) ? [[id, record]] : []))),
    macros: new Map(section("macros").map(([id, record]) => [id, isSettings(record) ? String(record.macro_sql) : ""])),
    results: new Map(results.map((result) => [String(result.unique_id), String(result.status)])),
    newest: { before: await readNewest(folder), now: await readNewest(targetFolder) },
    seeds: await seedChecksums(project),
  };
}

/** When the newest row of each source was loaded, by sources.json; those that could not be asked are absent. */
async function readNewest(folder: string): Promise<ReadonlyMap<string, string> | null> {
  const freshness = await readArtifact(join(folder, "sources.json"));
  if (!freshness) return null;
  const results = Array.isArray(freshness.results) ? freshness.results.filter(isSettings) : [];
  return new Map(
    results
      .filter(({ max_loaded_at: newest }) => typeof newest === "string")
      .map((result) => [String(result.unique_id), String(result.max_loaded_at)]),
  );
}

async function readArtifact(file: string): Promise<Settings | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const document: unknown = JSON.parse(text);
  if (!isSettings(document)) throw new UsageError(`${file} is not an artifact of dbt`);
  return document;
}

/** Where the earlier run built its models, seeds and snapshots. */
export function relationsOf(state: EarlierState): Map<string, Relation> {
  const built = [...state.resources].filter(([, { resource_type: type }]) => type === "model" || type === "seed" || type === "snapshot");
  return new Map(
    built.map(([id, { database, schema, alias }]) => [
      id,
      new Relation({ database: String(database), schema: String(schema), identifier: String(alias) }),
    ]),
  );
}

type Difference = (now: Settings, before: Settings) => boolean;

const differs =
  (...keys: string[]): Difference =>
  (now, before) =>
    keys.some((key) => JSON.stringify(now[key]) !== JSON.stringify(before[key]));

/** The parts of `state:modified`, by dbt's names. The catalog is left out of `relation`: it is the file's name, and differs between copies of one warehouse. */
const parts: Record<string, Difference> = {
  body: differs("checksum", "raw_code", "given", "expect", "model"),
  configs: differs("config"),
  relation: differs("schema", "alias", "identifier"),
  contract: differs("contract"),
  persisted_descriptions: differs("description"),
};
const modifiedParts = [...Object.keys(parts), "macros"];
const words = ["new", "old", "modified", "unmodified", ...modifiedParts.map((part) => `modified.${part}`)];

/** `state:new`, `state:modified`, `state:modified.body`, `state:unmodified`, `state:old`. */
export function matchesState(value: string, project: Project, state: EarlierState): (resource: { uniqueId: string }) => boolean {
  if (!words.includes(value)) throw new UsageError(`there is no selector "state:${value}".${didYouMean(value, words)}`);
  const [word = "", part] = value.split(".");
  const manifest = manifestOf(project, new Map(), state.seeds);
  const now = new Map(
    ["nodes", "sources", "exposures", "unit_tests"].flatMap((name) => (isSettings(manifest[name]) ? Object.entries(manifest[name]) : [])),
  );
  const changedMacros = new Set(
    [...project.macros.values()].filter((macro) => state.macros.get(macro.uniqueId) !== macroText(macro)).map(({ uniqueId }) => uniqueId),
  );
  const isModified = (id: string): boolean => {
    const before = state.resources.get(id);
    const record = now.get(id);
    if (!before || !isSettings(record)) return true;
    // As it stands in a file, so that both sides have been through JSON.
    const current: Settings = JSON.parse(JSON.stringify(record));
    const usesChanged = (): boolean => macrosOf(current).some((macro) => changedMacros.has(macro));
    if (part === "macros") return usesChanged();
    const asked = part === undefined ? Object.values(parts) : [parts[part]];
    return asked.some((difference) => difference?.(current, before)) || (part === undefined && usesChanged());
  };
  const tests: Record<string, (id: string) => boolean> = {
    new: (id) => !state.resources.has(id),
    old: (id) => state.resources.has(id),
    modified: isModified,
    unmodified: (id) => state.resources.has(id) && !isModified(id),
  };
  return ({ uniqueId }) => tests[word]?.(uniqueId) ?? false;
}

const macrosOf = ({ depends_on: on }: Settings): string[] => (isSettings(on) && Array.isArray(on.macros) ? on.macros.map(String) : []);

/** `result:error`, `result:fail`, `result:warn`, `result:success`, `result:skipped`, `result:pass` of the earlier run. */
export function matchesResult(value: string, state: EarlierState): (resource: { uniqueId: string }) => boolean {
  return ({ uniqueId }) => state.results.get(uniqueId) === value;
}

/** `source_status:fresher`: sources with newer rows than the earlier run saw, by the sources.json of both. */
export function matchesSourceStatus(value: string, { newest }: EarlierState): (resource: { uniqueId: string }) => boolean {
  if (value !== "fresher") throw new UsageError(`there is no selector "source_status:${value}"; there is source_status:fresher`);
  const { before, now } = newest;
  if (!before || !now)
    throw new UsageError(
      `source_status:fresher compares two files sources.json: ${before ? "the target folder" : "the folder named with --state"} has none. Run "source freshness" first`,
    );
  return ({ uniqueId }) => {
    const [then, latest] = [before.get(uniqueId), now.get(uniqueId)];
    return latest !== undefined && (then === undefined || new Date(latest) > new Date(then));
  };
}
