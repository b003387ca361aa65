/** What a project consists of, in dbt's words. */

import type { MacroStatement, Template } from "./jinja/index.ts";

export type Settings = Record<string, unknown>;

/** A node's configuration after the cascade. Unknown keys stay: `config.get("own_key")` reads them. */
export interface NodeConfig extends Settings {
  enabled: boolean;
  materialized: string;
  tags: string[];
  meta: Settings;
  schema?: string | null;
  database?: string | null;
  alias?: string | null;
}

export interface Column {
  name: string;
  description: string;
  data_type: string | null;
  meta: Settings;
  tags: string[];
  /** `{type: not_null}`, `{type: check, expression: …}`: enforced when the model's contract is. */
  constraints: Settings[];
}

/** What `ref()` was called with. */
export interface Reference {
  name: string;
  package: string | null;
  version: string | null;
}

export type ResourceType = "model" | "analysis" | "seed" | "snapshot" | "test" | "unit_test";

export interface Node {
  /** `model.kehu.stg_crm__orders` */
  uniqueId: string;
  resourceType: ResourceType;
  name: string;
  packageName: string;
  /** The package's name, then the folders under models/, then the name. */
  fqn: string[];
  /** Relative to the project: `models/staging/crm/stg_crm__orders.sql`. */
  file: string;
  /** The YAML file that describes it, relative to the project. */
  patchFile: string | null;
  rawCode: string;
  config: NodeConfig;
  database: string;
  schema: string;
  alias: string;
  description: string;
  columns: Column[];
  /** Unique ids of nodes and sources. */
  dependsOn: string[];
  dependsOnMacros: string[];
  refs: Reference[];
  sources: [string, string][];
  /** Of a versioned model; `latestVersion` is what a ref without a version means. */
  version: string | null;
  latestVersion: string | null;
  /** Constraints of the whole relation. */
  constraints: Settings[];
  test?: TestDetails;
  unitTest?: UnitTest;
}

/** A generic test's call, or a singular test (without `metadata`). */
export interface TestDetails {
  metadata?: { name: string; namespace: string | null; kwargs: Settings };
  /** The node that the test is about. */
  attachedNode: string | null;
  columnName: string | null;
}

export interface Fixture {
  input: string;
  rows: Settings[] | string;
  format: "dict" | "csv" | "sql";
}

export interface UnitTest {
  model: string;
  given: Fixture[];
  expect: Fixture;
  overrides: { macros: Settings; vars: Settings; env_vars: Settings };
}

export interface Source {
  uniqueId: string;
  packageName: string;
  sourceName: string;
  name: string;
  fqn: string[];
  file: string;
  database: string;
  schema: string;
  identifier: string;
  description: string;
  columns: Column[];
  config: NodeConfig;
}

export interface Macro {
  uniqueId: string;
  name: string;
  packageName: string;
  file: string;
  statement: MacroStatement;
  template: Template;
}

/** A `{% docs name %}` block. */
export interface DocsBlock {
  uniqueId: string;
  name: string;
  packageName: string;
  file: string;
  text: string;
}

export interface Exposure {
  uniqueId: string;
  name: string;
  packageName: string;
  file: string;
  fqn: string[];
  type: string;
  label: string | null;
  url: string | null;
  maturity: string | null;
  owner: Settings;
  description: string;
  config: NodeConfig;
  refs: Reference[];
  sources: [string, string][];
  dependsOn: string[];
}

export interface Group {
  uniqueId: string;
  name: string;
  packageName: string;
  file: string;
  owner: Settings;
  description: string;
}

/** `query-comment`: a template of the comment on every statement, before or after it. */
export interface QueryComment {
  text: string;
  append: boolean;
}

export interface ProjectSettings {
  name: string;
  version: string;
  /** Absolute folder of dbt_project.yml. */
  directory: string;
  /** The folder as messages show it: empty for the project itself, `dbt_packages/dbt_utils/` for a package. */
  prefix: string;
  modelPaths: string[];
  seedPaths: string[];
  snapshotPaths: string[];
  testPaths: string[];
  macroPaths: string[];
  analysisPaths: string[];
  docsPaths: string[];
  /** Where packages lie, relative to the project. */
  packagesPath: string;
  targetPath: string;
  /** What `clean` removes. */
  cleanTargets: string[];
  /** `restrict-access`: other packages may read its public models only. */
  restrictsAccess: boolean;
  /** The project's own, those under its name in front. */
  vars: Settings;
  /** `vars` as written: a project may set those of its packages under their names. */
  varTree: Settings;
  /** `dispatch:` — macro namespace to the packages searched for it. */
  dispatch: ReadonlyMap<string, readonly string[]>;
  /** Null (ours) for none. */
  queryComment: QueryComment | null;
  onRunStart: string[];
  onRunEnd: string[];
  /** The raw `models:`, `seeds:`, … trees of dbt_project.yml. */
  configTrees: Record<"models" | "seeds" | "snapshots" | "tests" | "sources" | "unit_tests" | "exposures", Settings>;
}

/** Where nodes are built: what `target` tells templates. */
export interface TargetInfo {
  name: string;
  catalog: string;
  schema: string;
  threads: number;
}

export interface Project {
  settings: ProjectSettings;
  /** By name; the project itself last. */
  packages: Map<string, ProjectSettings>;
  target: TargetInfo;
  /** Given by the caller; win over the project's own. */
  vars: Settings;
  nodes: Map<string, Node>;
  disabled: Map<string, Node>;
  sources: Map<string, Source>;
  macros: Map<string, Macro>;
  docs: Map<string, DocsBlock>;
  exposures: Map<string, Exposure>;
  groups: Map<string, Group>;
  /** selectors.yml, by name. */
  selectors: Map<string, unknown>;
  /** What is odd but no error, such as YAML about a model that does not exist. */
  warnings: string[];
}
