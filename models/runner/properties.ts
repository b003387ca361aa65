import type { Column, Fixture, Settings, UnitTest } from "./resources.ts";
import { asList, asSettings, asText, asTexts, isSettings } from "./yaml.ts";
import type { YamlPlace } from "./yaml-place.ts";

/** One generic test as written under a model, column, seed or source table. */
export interface TestCall {
  /** `not_null`, or `package.not_null`. */
  test: string;
  name: string | null;
  arguments: Settings;
  config: Settings;
  columnName: string | null;
  place: YamlPlace;
}

/** What a YAML file says about one model, seed or source table. */
export interface Patch {
  name: string;
  file: string;
  place: YamlPlace;
  description: string;
  config: Settings;
  columns: Column[];
  tests: TestCall[];
  constraints: Settings[];
  /** Names of the file (without ending) it may describe, best first: `orders_v2`, and `orders` for the latest version. */
  stems: string[];
  version: string | null;
  latestVersion: string | null;
}

export interface SourceTable extends Patch {
  sourceName: string;
  /** The configuration of all tables of the source; `config` is the table's own. */
  sourceConfig: Settings;
  database: string | null;
  schema: string;
  identifier: string;
}

export interface UnitTestDefinition extends UnitTest {
  name: string;
  file: string;
  place: YamlPlace;
  description: string;
  config: Settings;
}

export interface SnapshotPatch extends Patch {
  /** `ref('orders')` of a snapshot declared in YAML alone; null when a block in a .sql file has the query. */
  relation: string | null;
}

export interface ExposureDefinition {
  name: string;
  file: string;
  place: YamlPlace;
  type: string;
  label: string | null;
  url: string | null;
  maturity: string | null;
  owner: Settings;
  description: string;
  config: Settings;
  /** `ref('orders')`, `source('crm', 'orders')`. */
  dependsOn: string[];
}

export interface GroupDefinition {
  name: string;
  file: string;
  place: YamlPlace;
  owner: Settings;
  description: string;
}

export interface Properties {
  models: Patch[];
  seeds: Patch[];
  snapshots: SnapshotPatch[];
  sources: SourceTable[];
  singularTests: Patch[];
  analyses: Patch[];
  unitTests: UnitTestDefinition[];
  exposures: ExposureDefinition[];
  groups: GroupDefinition[];
}

export const emptyProperties = (): Properties => ({
  models: [],
  seeds: [],
  snapshots: [],
  sources: [],
  singularTests: [],
  analyses: [],
  unitTests: [],
  exposures: [],
  groups: [],
});

/** Keys that configure a test when they stand beside its arguments. */
const testConfigKeys = new Set([
  "severity",
  "where",
  "limit",
  "warn_if",
  "error_if",
  "fail_calc",
  "store_failures",
  "store_failures_as",
  "tags",
  "enabled",
  "meta",
  "alias",
  "database",
  "schema",
]);

/** Understands one properties file; the keys it does not know (metrics, semantic models) are left alone. */
export function readProperties(document: Settings, place: YamlPlace): Properties {
  const list = (key: string): Settings[] => asList(document[key], place.at(key)).map((item) => asSettings(item, place.at(key)));
  return {
    models: list("models").flatMap((item) => readVersions(item, place.at("models"))),
    seeds: list("seeds").map((item) => readPatch(item, place.at("seeds"))),
    snapshots: list("snapshots").map((item) => ({
      ...readPatch(item, place.at("snapshots")),
      relation:
        item.relation === undefined || item.relation === null
          ? null
          : asText(item.relation, place.at("snapshots", nameOf(item, place), "relation")),
    })),
    sources: list("sources").flatMap((item) => readSource(item, place.at("sources"))),
    singularTests: ["data_tests", "tests"].flatMap((key) => list(key).map((item) => readPatch(item, place.at(key)))),
    analyses: list("analyses").map((item) => readPatch(item, place.at("analyses"))),
    unitTests: list("unit_tests").map((item) => readUnitTest(item, place.at("unit_tests"))),
    exposures: list("exposures").map((item) => readExposure(item, place.at("exposures"))),
    groups: list("groups").map((item) => readGroup(item, place.at("groups"))),
  };
}

function nameOf(item: Settings, place: YamlPlace): string {
  if (item.name === undefined) throw place.error(`an entry has no "name": ${JSON.stringify(item).slice(0, 120)}`);
  return asText(item.name, place.at("name"));
}

function readGroup(item: Settings, section: YamlPlace): GroupDefinition {
  const name = nameOf(item, section);
  const place = section.at(name);
  return { name, file: place.file, place, owner: asSettings(item.owner, place.at("owner")), description: textOf(item.description) };
}

/** `section` is the list that the entry stands in. */
function readPatch(item: Settings, section: YamlPlace): Patch {
  const name = nameOf(item, section);
  const place = section.at(name);
  const columns: Column[] = [];
  const tests = readTests(item, null, place);
  for (const entry of asList(item.columns, place.at("columns"))) {
    const column = asSettings(entry, place.at("columns"));
    const columnName = nameOf(column, place.at("columns"));
    const columnPlace = place.at("columns", columnName);
    const config = asSettings(column.config, columnPlace.at("config"));
    columns.push({
      name: columnName,
      description: textOf(column.description),
      data_type: column.data_type === undefined || column.data_type === null ? null : asText(column.data_type, columnPlace.at("data_type")),
      meta: { ...asSettings(column.meta, columnPlace.at("meta")), ...asSettings(config.meta, columnPlace.at("meta")) },
      tags: [...asTexts(column.tags, columnPlace.at("tags")), ...asTexts(config.tags, columnPlace.at("tags"))],
      constraints: readConstraints(column, columnPlace),
    });
    // dbt quotes a column's name in tests when the column says `quote: true`.
    const testedName = column.quote === true ? `"${columnName}"` : columnName;
    const tags = columns.at(-1)?.tags ?? [];
    for (const test of readTests(column, testedName, columnPlace))
      tests.push(
        tags.length === 0
          ? test
          : { ...test, config: { ...test.config, tags: [...tags, ...asTexts(test.config.tags, test.place.at("tags"))] } },
      );
  }
  return {
    name,
    file: place.file,
    place,
    description: textOf(item.description),
    config: readConfig(item, place),
    columns,
    tests,
    constraints: readConstraints(item, place),
    stems: [name],
    version: null,
    latestVersion: null,
  };
}

const textOf = (value: unknown): string => (value === undefined || value === null ? "" : String(value).trim());
const textOrNull = (value: unknown): string | null => (value === undefined || value === null ? null : String(value));

/** `config:` with what dbt lets stand beside it. */
function readConfig(item: Settings, place: YamlPlace): Settings {
  const config = asSettings(item.config, place.at("config"));
  const beside = Object.fromEntries(
    ["meta", "tags", "access", "group", "docs"].filter((key) => item[key] !== undefined).map((key) => [key, item[key]]),
  );
  for (const tags of [item.tags, config.tags]) asTexts(tags, place.at("tags"));
  const meta = { ...asSettings(beside.meta, place.at("meta")), ...asSettings(config.meta, place.at("meta")) };
  return { ...beside, ...config, ...(Object.keys(meta).length > 0 && { meta }) };
}

const readConstraints = (item: Settings, place: YamlPlace): Settings[] =>
  asList(item.constraints, place.at("constraints")).map((constraint) => asSettings(constraint, place.at("constraints")));

/** A model, or one patch per entry of its `versions:`. */
function readVersions(item: Settings, section: YamlPlace): Patch[] {
  const base = readPatch(item, section);
  const place = base.place.at("versions");
  const versions = asList(item.versions, place).map((entry) => asSettings(entry, place));
  if (versions.length === 0) return [base];
  const numbers = versions.map((entry) => asText(entry.v ?? "", place.at("v")));
  const highest = numbers.toSorted((left, right) => left.localeCompare(right, "en", { numeric: true })).at(-1) ?? null;
  const latestVersion = textOrNull(item.latest_version) ?? highest;
  return versions.map((entry, index) => {
    const version = numbers[index] ?? "";
    const own = readPatch(
      { ...entry, name: base.name, columns: asList(entry.columns, place).filter((column) => !isIncludeRule(column)) },
      section,
    );
    const inherited = inheritedColumns(base, entry, place);
    const standard = `${base.name}_v${version}`;
    const stem = entry.defined_in === undefined ? standard : asText(entry.defined_in, place.at("defined_in"));
    return {
      ...base,
      description: own.description || base.description,
      config: { ...base.config, ...own.config },
      columns: [...inherited.filter((column) => !own.columns.some((other) => other.name === column.name)), ...own.columns],
      tests: [
        ...(entry.tests === undefined && entry.data_tests === undefined ? base.tests.filter((test) => test.columnName === null) : []),
        ...base.tests.filter((test) => inherited.some((column) => column.name === test.columnName)),
        ...own.tests,
      ],
      stems: version === latestVersion ? [stem, base.name] : [stem],
      version,
      latestVersion,
    };
  });
}

const isIncludeRule = (column: unknown): boolean => isSettings(column) && (column.include !== undefined || column.exclude !== undefined);

/** The model's columns that a version keeps: all, unless it says `columns: [{include: …, exclude: …}]`. */
function inheritedColumns(base: Patch, entry: Settings, place: YamlPlace): Column[] {
  const rule = asList(entry.columns, place).find(isIncludeRule);
  if (!isSettings(rule)) return base.columns;
  const include = rule.include === undefined || rule.include === "all" || rule.include === "*" ? null : asTexts(rule.include, place);
  const exclude = asTexts(rule.exclude, place);
  return base.columns.filter(({ name }) => (include === null || include.includes(name)) && !exclude.includes(name));
}

function readExposure(item: Settings, section: YamlPlace): ExposureDefinition {
  const name = nameOf(item, section);
  const place = section.at(name);
  return {
    name,
    file: place.file,
    place,
    type: asText(item.type ?? "", place.at("type")),
    label: textOrNull(item.label),
    url: textOrNull(item.url),
    maturity: textOrNull(item.maturity),
    owner: asSettings(item.owner, place.at("owner")),
    description: textOf(item.description),
    config: readConfig(item, place),
    dependsOn: asTexts(item.depends_on, place.at("depends_on")),
  };
}

function readTests(item: Settings, columnName: string | null, place: YamlPlace): TestCall[] {
  return ["tests", "data_tests"].flatMap((key) =>
    asList(item[key], place.at(key)).map((entry) => readTest(entry, columnName, place.at(key))),
  );
}

function readTest(entry: unknown, columnName: string | null, place: YamlPlace): TestCall {
  if (typeof entry === "string") return { test: entry, name: null, arguments: {}, config: {}, columnName, place: place.at(entry) };
  const settings = { ...asSettings(entry, place) };
  let test: string;
  let body: Settings;
  if (settings.test_name !== undefined) {
    test = asText(settings.test_name, place.at("test_name"));
    body = settings;
    delete body.test_name;
  } else {
    const [first, ...others] = Object.entries(settings);
    if (!first) throw place.error("an empty test");
    test = first[0];
    // `- unique: {…}` may have `config:` or `name:` beside the test's own key.
    body = { ...asSettings(first[1], place.at(test)), ...Object.fromEntries(others) };
  }
  const config: Settings = { ...asSettings(body.config, place.at(test, "config")) };
  const args: Settings = { ...asSettings(body.arguments, place.at(test, "arguments")) };
  for (const [key, value] of Object.entries(body)) {
    if (key === "config" || key === "arguments" || key === "name" || key === "description") continue;
    if (testConfigKeys.has(key)) config[key] = value;
    else args[key] = value;
  }
  return {
    test,
    name: body.name === undefined ? null : asText(body.name, place.at(test, "name")),
    arguments: args,
    config,
    columnName,
    place: place.at(test),
  };
}

function readSource(item: Settings, section: YamlPlace): SourceTable[] {
  const sourceName = nameOf(item, section);
  const place = section.at(sourceName);
  const shared = { ...freshnessKeys(item), ...readConfig(item, place) };
  return asList(item.tables, place.at("tables")).map((entry) => {
    const table = asSettings(entry, place.at("tables"));
    const patch = readPatch(table, place.at("tables"));
    const own: Settings = { ...freshnessKeys(table), ...patch.config };
    return {
      ...patch,
      sourceName,
      database: item.database === undefined || item.database === null ? null : asText(item.database, place.at("database")),
      schema: item.schema === undefined || item.schema === null ? sourceName : asText(item.schema, place.at("schema")),
      identifier:
        table.identifier === undefined || table.identifier === null ? patch.name : asText(table.identifier, place.at("identifier")),
      description: patch.description || (typeof item.description === "string" ? item.description.trim() : ""),
      sourceConfig: shared,
      // dbt: a table's limits stand beside those of its source.
      config:
        isSettings(shared.freshness) && isSettings(own.freshness) ? { ...own, freshness: { ...shared.freshness, ...own.freshness } } : own,
    };
  });
}

/** `freshness` and `loaded_at_field` may stand beside the name or in `config`. */
const freshnessKeys = (item: Settings): Settings =>
  Object.fromEntries(["freshness", "loaded_at_field"].filter((key) => item[key] !== undefined).map((key) => [key, item[key]]));

function readFixture(value: unknown, place: YamlPlace): Fixture {
  const settings = asSettings(value, place);
  const format = settings.format === undefined ? "dict" : asText(settings.format, place.at("format"));
  if (format !== "dict" && format !== "csv" && format !== "sql")
    throw place.at("format").error(`format must be dict, csv or sql, found "${format}"`);
  const input = settings.input === undefined ? "" : asText(settings.input, place.at("input"));
  if (format === "dict")
    return { input, format, rows: asList(settings.rows, place.at("rows")).map((row) => asSettings(row, place.at("rows"))) };
  return { input, format, rows: asText(settings.rows ?? "", place.at("rows")) };
}

function readUnitTest(item: Settings, section: YamlPlace): UnitTestDefinition {
  const name = nameOf(item, section);
  const place = section.at(name);
  if (item.model === undefined) throw place.error(`"model" is missing`);
  const overrides = asSettings(item.overrides, place.at("overrides"));
  return {
    name,
    file: place.file,
    place,
    description: typeof item.description === "string" ? item.description : "",
    model: asText(item.model, place.at("model")),
    given: asList(item.given, place.at("given")).map((fixture) => readFixture(fixture, place.at("given"))),
    expect: readFixture(item.expect, place.at("expect")),
    overrides: {
      macros: asSettings(overrides.macros, place.at("overrides", "macros")),
      vars: asSettings(overrides.vars, place.at("overrides", "vars")),
      env_vars: asSettings(overrides.env_vars, place.at("overrides", "env_vars")),
    },
    config: asSettings(item.config, place.at("config")),
  };
}
