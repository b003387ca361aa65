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
}

export interface SourceTable extends Patch {
  sourceName: string;
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

export interface Properties {
  models: Patch[];
  seeds: Patch[];
  snapshots: SnapshotPatch[];
  sources: SourceTable[];
  unitTests: UnitTestDefinition[];
}

/** Keys that configure a test when they stand beside its arguments. */
const testConfigKeys = new Set([
  "severity",
  "where",
  "limit",
  "warn_if",
  "error_if",
  "fail_calc",
  "store_failures",
  "tags",
  "enabled",
  "meta",
  "alias",
  "database",
  "schema",
]);

/** Understands one properties file; the keys it does not know (exposures, groups) are left alone. */
export function readProperties(document: Settings, file: string): Properties {
  const list = (key: string): Settings[] => asList(document[key], `${file}: ${key}`).map((item) => asSettings(item, `${file}: ${key}`));
  return {
    models: list("models").map((item) => readPatch(item, file)),
    seeds: list("seeds").map((item) => readPatch(item, file)),
    snapshots: list("snapshots").map((item) => ({
      ...readPatch(item, file),
      relation: item.relation === undefined || item.relation === null ? null : asText(item.relation, `${file}: relation`),
    })),
    sources: list("sources").flatMap((item) => readSource(item, file)),
    unitTests: list("unit_tests").map((item) => readUnitTest(item, file)),
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
      description: column.description === undefined ? "" : asText(column.description, `${place}.${columnName}: description`).trim(),
      data_type: column.data_type === undefined ? null : asText(column.data_type, `${place}.${columnName}: data_type`),
      meta: { ...asSettings(column.meta, `${place}.${columnName}: meta`), ...asSettings(config.meta, `${place}.${columnName}: meta`) },
      tags: asTexts(column.tags, `${place}.${columnName}: tags`),
    });
    tests.push(...readTests(column, columnName, `${place}.${columnName}`));
  }
  const config = { ...asSettings(item.config, `${place}: config`) };
  const layers = { ...(item.meta !== undefined && { meta: item.meta }), ...(item.tags !== undefined && { tags: item.tags }) };
  return {
    name,
    file,
    description:
      item.description === undefined || item.description === null ? "" : asText(item.description, `${place}: description`).trim(),
    config: { ...layers, ...config, ...(isSettings(layers.meta) && { meta: { ...layers.meta, ...asSettings(config.meta, place) } }) },
    columns,
    tests,
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
  const config = asSettings(item.config, `${place}: config`);
  const shared = {
    ...(item.meta !== undefined && { meta: item.meta }),
    ...(item.tags !== undefined && { tags: item.tags }),
    ...freshnessKeys(item),
    ...config,
  };
  return asList(item.tables, `${place}: tables`).map((entry) => {
    const table = asSettings(entry, `${place}: tables`);
    const patch = readPatch(table, file);
    return {
      ...patch,
      sourceName,
      database: item.database === undefined || item.database === null ? null : asText(item.database, `${place}: database`),
      schema: item.schema === undefined ? sourceName : asText(item.schema, `${place}: schema`),
      identifier: table.identifier === undefined ? patch.name : asText(table.identifier, `${place}: identifier`),
      description: patch.description || (typeof item.description === "string" ? item.description.trim() : ""),
      config: { ...shared, ...freshnessKeys(table), ...patch.config },
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
