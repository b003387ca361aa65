import type { ListOutput } from "./list-resources.ts";
import type { Progress } from "./node-result.ts";
import type { ResourceType, Settings } from "./resources.ts";
import type { IndirectSelection } from "./selectors.ts";
import type { TargetChoice } from "./target-database.ts";

export const commands = [
  "build",
  "run",
  "test",
  "seed",
  "snapshot",
  "compile",
  "ls",
  "show",
  "docs generate",
  "source freshness",
  "parse",
  "run-operation",
  "clean",
  "deps",
  "retry",
] as const;
export type Command = (typeof commands)[number];

export interface RunOptions extends TargetChoice {
  command: Command;
  /** Folder of dbt_project.yml. */
  projectDir: string;
  select?: readonly string[];
  exclude?: readonly string[];
  /** Which tests come along with what is selected; default `eager`. */
  indirectSelection?: IndirectSelection;
  /** Only, or all but, nodes of these types. */
  resourceTypes?: readonly string[];
  excludeResourceTypes?: readonly string[];
  vars?: Settings;
  /** Nodes built at once; a given connection means one. */
  threads?: number;
  failFast?: boolean;
  fullRefresh?: boolean;
  /** Keep the failing rows of tests in tables of the audit schema. */
  storeFailures?: boolean;
  /** Where artifacts go; default the project's target-path. `null` writes none. */
  targetPath?: string | null;
  /** The folder of an earlier run's artifacts, for `retry` (default the target folder), `state:`, `result:` and `defer`. */
  state?: string;
  /** What is neither selected nor built here is read where the earlier run built it. */
  defer?: boolean;
  /** With `defer`: read there also what is built here, unless it is selected. */
  favorState?: boolean;
  /** Build with no rows: what models read is cut down to none. */
  empty?: boolean;
  /** The span that microbatch models are built for: days or instants. */
  eventTimeStart?: string;
  eventTimeEnd?: string;
  /** `run-operation`: a macro, and its arguments by name. */
  macro?: string;
  macroArguments?: Settings;
  /** Interrupts what runs; what was not run is reported as skipped. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  log?: (message: string) => void;
  /** `ls`: how each is shown, default as a selector; the keys of `json`. */
  output?: ListOutput;
  outputKeys?: readonly string[];
  /** `show`: the most rows. */
  limit?: number;
  /** `show`: a query instead of a model. */
  inline?: string;
}

export type ListedType = ResourceType | "source" | "exposure";

/** What each command works on when `--resource-type` says nothing. */
export const resourceTypes: Record<Exclude<Command, "retry" | "clean" | "deps">, readonly ListedType[]> = {
  build: ["seed", "model", "snapshot", "test", "unit_test"],
  run: ["model"],
  test: ["test", "unit_test"],
  seed: ["seed"],
  snapshot: ["snapshot"],
  compile: ["model", "analysis", "snapshot", "test", "unit_test"],
  ls: ["seed", "model", "snapshot", "test", "unit_test", "source", "exposure"],
  show: ["model", "analysis", "seed", "snapshot"],
  "docs generate": ["model", "analysis", "snapshot", "test"],
  "source freshness": [],
  parse: [],
  "run-operation": [],
};

/** What `--resource-type` may name. */
export const knownTypes: readonly ListedType[] = [...resourceTypes.ls, "analysis"];
