import { ProjectError } from "./errors.ts";
import type { Column, Fixture, Settings, UnitTest } from "./resources.ts";
import { asList, asSettings, asText, asTexts, isSettings } from "./yaml.ts";

/** One generic test as written under a model, column, seed or source table. */
export interface TestCall {
  /** `not_null`, or `package.not_null`. */
  test: string;
  name: string | null;
  arguments: Settings;
  config: Settings;
  columnName: string | null;
}

/** What a YAML file says about one model, seed or source table. */
export interface Patch {
  name: string;
  file: string;
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
export function readProperties(document: Settings, file: string): Properties {
  const list = (key: string): Settings[] => asList(document[key], `${file}: ${key}`).map((item) => asSettings(item, `${file}: ${key}`));
  return {
    models: list("models").flatMap((item) => readVersions(item, file)),
    seeds: list("seeds").map((item) => readPatch(item, file)),
    snapshots: list("snapshots").map((item) => ({
      ...readPatch(item, file),
      relation: item.relation === undefined || item.relation === null ? null : asText(item.relation, `${file}: relation`),
    })),
    sources: list("sources").flatMap((item) => readSource(item, file)),
    singularTests: [...list("data_tests"), ...list("tests")].map((item) => readPatch(item, file)),
    analyses: list("analyses").map((item) => readPatch(item, file)),
    unitTests: list("unit_tests").map((item) => readUnitTest(item, file)),
    exposures: list("exposures").map((item) => readExposure(item, file)),
    groups: list("groups").map((item) => ({
      name: nameOf(item, file),
      file,
      owner: asSettings(item.owner, `${file}: owner`),
      description: textOf(item.description),
    })),
  };
}

function nameOf(item: Settings, file: string): string {
  if (item.name === undefined) throw new ProjectError(`${file}: an entry has no "name": ${JSON.stringify(item).slice(0, 120)}`);
  return asText(item.name, `${file}: name`);
}

function readPatch(item: Settings, file: string): Patch {
  const name = nameOf(item, file);
  const place = `${file}: ${name}`;
  const columns: Column[] = [];
  const tests = readTests(item, null, place);
  for (const entry of asList(item.columns, `${place}: columns`)) {
    const column = asSettings(entry, `${place}: columns`);
    const columnName = nameOf(column, place);
    const config = asSettings(column.config, `${place}.${columnName}: config`);
    columns.push({
      name: columnName,
      description: textOf(column.description),
      data_type:
        column.data_type === undefined || column.data_type === null ? null : asText(column.data_type, `${place}.${columnName}: data_type`),
      meta: { ...asSettings(column.meta, `${place}.${columnName}: meta`), ...asSettings(config.meta, `${place}.${columnName}: meta`) },
      tags: [...asTexts(column.tags, `${place}.${columnName}: tags`), ...asTexts(config.tags, `${place}.${columnName}: tags`)],
      constraints: readConstraints(column, `${place}.${columnName}`),
    });
    // dbt quotes a column's name in tests when the column says `quote: true`.
    const testedName = column.quote === true ? `"${columnName}"` : columnName;
    const tags = columns.at(-1)?.tags ?? [];
    for (const test of readTests(column, testedName, `${place}.${columnName}`))
      tests.push(tags.length === 0 ? test : { ...test, config: { ...test.config, tags: [...tags, ...asTexts(test.config.tags, place)] } });
  }
  return {
    name,
    file,
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
function readConfig(item: Settings, place: string): Settings {
  const config = asSettings(item.config, `${place}: config`);
  const beside = Object.fromEntries(
    ["meta", "tags", "access", "group", "docs"].filter((key) => item[key] !== undefined).map((key) => [key, item[key]]),
  );
  const meta = { ...asSettings(beside.meta, `${place}: meta`), ...asSettings(config.meta, `${place}: meta`) };
  return { ...beside, ...config, ...(Object.keys(meta).length > 0 && { meta }) };
}

const readConstraints = (item: Settings, place: string): Settings[] =>
  asList(item.constraints, `${place}: constraints`).map((constraint) => asSettings(constraint, `${place}: constraints`));

/** A model, or one patch per entry of its `versions:`. */
function readVersions(item: Settings, file: string): Patch[] {
  const base = readPatch(item, file);
  const place = `${file}: ${base.name}: versions`;
  const versions = asList(item.versions, place).map((entry) => asSettings(entry, place));
  if (versions.length === 0) return [base];
  const numbers = versions.map((entry) => asText(entry.v ?? "", `${place}: v`));
  const highest = numbers.toSorted((left, right) => left.localeCompare(right, "en", { numeric: true })).at(-1) ?? null;
  const latestVersion = textOrNull(item.latest_version) ?? highest;
  return versions.map((entry, index) => {
    const version = numbers[index] ?? "";
    const own = readPatch(
      { ...entry, name: base.name, columns: asList(entry.columns, place).filter((column) => !isIncludeRule(column)) },
      file,
    );
    const inherited = inheritedColumns(base, entry, place);
    const standard = `${base.name}_v${version}`;
    const stem = entry.defined_in === undefined ? standard : asText(entry.defined_in, `${place}: defined_in`);
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
function inheritedColumns(base: Patch, entry: Settings, place: string): Column[] {
  const rule = asList(entry.columns, place).find(isIncludeRule);
  if (!isSettings(rule)) return base.columns;
  const include = rule.include === undefined || rule.include === "all" || rule.include === "*" ? null : asTexts(rule.include, place);
  const exclude = asTexts(rule.exclude, place);
  return base.columns.filter(({ name }) => (include === null || include.includes(name)) && !exclude.includes(name));
}

function readExposure(item: Settings, file: string): ExposureDefinition {
  const name = nameOf(item, file);
  const place = `${file}: exposure ${name}`;
  return {
    name,
    file,
    type: asText(item.type ?? "", `${place}: type`),
    label: textOrNull(item.label),
    url: textOrNull(item.url),
    maturity: textOrNull(item.maturity),
    owner: asSettings(item.owner, `${place}: owner`),
    description: textOf(item.description),
    config: readConfig(item, place),
    dependsOn: asTexts(item.depends_on, `${place}: depends_on`),
  };
}

function readTests(item: Settings, columnName: string | null, place: string): TestCall[] {
  const given = [...asList(item.tests, `${place}: tests`), ...asList(item.data_tests, `${place}: data_tests`)];
  return given.map((entry) => readTest(entry, columnName, place));
}

function readTest(entry: unknown, columnName: string | null, place: string): TestCall {
  if (typeof entry === "string") return { test: entry, name: null, arguments: {}, config: {}, columnName };
  const settings = { ...asSettings(entry, `${place}: tests`) };
  let test: string;
  let body: Settings;
  if (settings.test_name !== undefined) {
    test = asText(settings.test_name, `${place}: test_name`);
    body = settings;
    delete body.test_name;
  } else {
    const [first, ...others] = Object.entries(settings);
    if (!first) throw new ProjectError(`${place}: an empty test`);
    test = first[0];
    // `- unique: {…}` may have `config:` or `name:` beside the test's own key.
    body = { ...asSettings(first[1], `${place}: ${test}`), ...Object.fromEntries(others) };
  }
  const config: Settings = { ...asSettings(body.config, `${place}: ${test}: config`) };
  const args: Settings = { ...asSettings(body.arguments, `${place}: ${test}: arguments`) };
  for (const [key, value] of Object.entries(body)) {
    if (key === "config" || key === "arguments" || key === "name" || key === "description") continue;
    if (testConfigKeys.has(key)) config[key] = value;
    else args[key] = value;
  }
  return { test, name: body.name === undefined ? null : asText(body.name, `${place}: ${test}: name`), arguments: args, config, columnName };
}

function readSource(item: Settings, file: string): SourceTable[] {
  const sourceName = nameOf(item, file);
  const place = `${file}: source ${sourceName}`;
  const shared = { ...freshnessKeys(item), ...readConfig(item, place) };
  return asList(item.tables, `${place}: tables`).map((entry) => {
    const table = asSettings(entry, `${place}: tables`);
    const patch = readPatch(table, file);
    const own: Settings = { ...freshnessKeys(table), ...patch.config };
    return {
      ...patch,
      sourceName,
      database: item.database === undefined || item.database === null ? null : asText(item.database, `${place}: database`),
      schema: item.schema === undefined || item.schema === null ? sourceName : asText(item.schema, `${place}: schema`),
      identifier:
        table.identifier === undefined || table.identifier === null ? patch.name : asText(table.identifier, `${place}: identifier`),
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

function readFixture(value: unknown, place: string): Fixture {
  const settings = asSettings(value, place);
  const format = settings.format === undefined ? "dict" : asText(settings.format, `${place}: format`);
  if (format !== "dict" && format !== "csv" && format !== "sql")
    throw new ProjectError(`${place}: format must be dict, csv or sql, found "${format}"`);
  const input = settings.input === undefined ? "" : asText(settings.input, `${place}: input`);
  if (format === "dict")
    return { input, format, rows: asList(settings.rows, `${place}: rows`).map((row) => asSettings(row, `${place}: rows`)) };
  return { input, format, rows: asText(settings.rows ?? "", `${place}: rows`) };
}

function readUnitTest(item: Settings, file: string): UnitTestDefinition {
  const name = nameOf(item, file);
  const place = `${file}: unit test ${name}`;
  if (item.model === undefined) throw new ProjectError(`${place}: "model" is missing`);
  const overrides = asSettings(item.overrides, `${place}: overrides`);
  return {
    name,
    file,
    description: typeof item.description === "string" ? item.description : "",
    model: asText(item.model, `${place}: model`),
    given: asList(item.given, `${place}: given`).map((fixture) => readFixture(fixture, `${place}: given`)),
    expect: readFixture(item.expect, `${place}: expect`),
    overrides: {
      macros: asSettings(overrides.macros, `${place}: overrides.macros`),
      vars: asSettings(overrides.vars, `${place}: overrides.vars`),
      env_vars: asSettings(overrides.env_vars, `${place}: overrides.env_vars`),
    },
    config: asSettings(item.config, `${place}: config`),
  };
}
