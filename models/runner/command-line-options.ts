import { parseArgs } from "node:util";
import { ProjectError, UsageError, didYouMean } from "./errors.ts";
import { readListOutput } from "./list-resources.ts";
import { readEventTimes } from "./microbatch.ts";
import type { Settings } from "./resources.ts";
import { commands, type RunOptions } from "./run-options.ts";
import { readIndirectSelection } from "./selectors.ts";
import { readAttachment } from "./target-database.ts";
import { parseYaml } from "./yaml.ts";

export const usage = `kehu build | run | test | seed | snapshot | compile | ls | show | docs generate | source freshness
kehu parse | run-operation MACRO | clean | retry | deps
  --project-dir DIR     folder of dbt_project.yml (default: the current folder)
  --database FILE       DuckDB file to build in; its catalog is the file's name without the ending
  --attach NAME=FILE    another DuckDB file to read from, by the name that sources give as their database
  -s, --select WORDS    name, folder.name, path:, tag:, source:, config.x:, state:, result:, source_status:,
                        +name+, @name, a,b
  --exclude WORDS       the same, taken away
  --selector NAME       a selector of selectors.yml
  --indirect-selection WORD   tests that come along: eager (those that touch it), cautious, buildable, empty
  --resource-type TYPES, --exclude-resource-type TYPES   model, seed, snapshot, test, unit_test, source, exposure, analysis
  --vars YAML           '{as_of: 2026-11-22}'
  --threads N           nodes built at once
  -f, --full-refresh    rebuild incremental models from nothing
  -x, --fail-fast       stop at the first failure
  --store-failures      keep the failing rows of tests in tables of the audit schema
  --state DIR           an earlier run's artifacts, for state:, result:, --defer, and retry (default: the target folder)
  --defer               read what is neither selected nor built here where the earlier run built it
  --favor-state         with --defer: also what is built here, unless it is selected
  --empty               build all columns and no rows, to see whether every query runs
  --event-time-start TIME, --event-time-end TIME   the span that microbatch models are built for
  --target-path DIR     where manifest.json and run_results.json go (default: target)
  -t, --target NAME     what target.name tells templates (default: kehu)
  --output selector | name | path | json, --output-keys KEYS   for ls
  --inline SQL, --limit N   for show
  --args YAML           for run-operation: '{name: value}'`;

/** Understands a call. Raises UsageError, which says what would be right. */
export function readOptions(argv: string[]): RunOptions | "help" {
  const [given = "help", ...rest] = argv;
  if (given === "help" || rest.includes("--help") || rest.includes("-h")) return "help";
  // `docs generate` and `source freshness` are two words.
  const two = `${given} ${rest[0] ?? ""}`;
  const command = given === "list" ? "ls" : commands.find((candidate) => candidate === given || candidate === two);
  if (!command) throw new UsageError(`the runner has no command "${given}".${didYouMean(given, commands)}\n${usage}`);
  const { values } = parse(rest);
  const limit = number(values.limit, "--limit");
  const threads = number(values.threads, "--threads");
  const indirect = values["indirect-selection"];
  const [start, end] = [values["event-time-start"], values["event-time-end"]];
  // Said before anything is read.
  readEventTimes(start, end);
  return {
    command,
    projectDir: values["project-dir"] ?? ".",
    select: [...words(rest, ["--select", "-s", "--models", "-m"]), ...words(rest, ["--selector"]).map((name) => `selector:${name}`)],
    exclude: words(rest, ["--exclude"]),
    vars: readMapping(values.vars, "--vars"),
    ...(indirect !== undefined && { indirectSelection: readIndirectSelection(indirect, "--indirect-selection") }),
    resourceTypes: words(rest, ["--resource-type", "--resource-types"]),
    excludeResourceTypes: words(rest, ["--exclude-resource-type", "--exclude-resource-types"]),
    ...(values.defer !== undefined && { defer: values.defer }),
    ...(start !== undefined && { eventTimeStart: start }),
    ...(end !== undefined && { eventTimeEnd: end }),
    ...(values.target !== undefined && { targetName: values.target }),
    ...(command === "run-operation" && { ...macroNamed(rest[0]), macroArguments: readMapping(values.args, "--args") }),
    favorState: values["favor-state"] ?? false,
    empty: values.empty ?? false,
    attach: (values.attach ?? []).map(readAttachment),
    ...(values.output !== undefined && { output: readListOutput(values.output) }),
    ...(values["output-keys"] !== undefined && {
      outputKeys: words(rest, ["--output-keys"])
        .flatMap((text) => text.split(/[\s,]+/))
        .filter(Boolean),
    }),
    failFast: values["fail-fast"] ?? false,
    fullRefresh: values["full-refresh"] ?? false,
    storeFailures: values["store-failures"] ?? false,
    ...(values.state !== undefined && { state: values.state }),
    ...(values.database !== undefined && { database: values.database }),
    ...(values["target-path"] !== undefined && { targetPath: values["target-path"] }),
    ...(threads !== undefined && { threads }),
    ...(limit !== undefined && { limit }),
    ...(values.inline !== undefined && { inline: values.inline }),
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      // `--select a b` has several words: those without a dash are read again by words().
      allowPositionals: true,
      options: {
        "project-dir": { type: "string" },
        database: { type: "string" },
        select: { type: "string", short: "s", multiple: true },
        models: { type: "string", short: "m", multiple: true },
        exclude: { type: "string", multiple: true },
        selector: { type: "string", multiple: true },
        vars: { type: "string" },
        threads: { type: "string" },
        "full-refresh": { type: "boolean", short: "f" },
        "fail-fast": { type: "boolean", short: "x" },
        "store-failures": { type: "boolean" },
        state: { type: "string" },
        "indirect-selection": { type: "string" },
        "resource-type": { type: "string", multiple: true },
        "resource-types": { type: "string", multiple: true },
        "exclude-resource-type": { type: "string", multiple: true },
        "exclude-resource-types": { type: "string", multiple: true },
        defer: { type: "boolean" },
        "favor-state": { type: "boolean" },
        empty: { type: "boolean" },
        attach: { type: "string", multiple: true },
        "event-time-start": { type: "string" },
        "event-time-end": { type: "string" },
        target: { type: "string", short: "t" },
        args: { type: "string" },
        "target-path": { type: "string" },
        inline: { type: "string" },
        output: { type: "string" },
        "output-keys": { type: "string", multiple: true },
        limit: { type: "string" },
      },
    });
  } catch (cause) {
    throw new UsageError(`${cause instanceof Error ? cause.message : String(cause)}\n${usage}`, { cause });
  }
}

/** All words after each of the flags up to the next flag. */
function words(argv: readonly string[], flags: readonly string[]): string[] {
  const found: string[] = [];
  let collecting = false;
  for (const word of argv) {
    const [flag = "", value] = word.startsWith("--") ? word.split(/=(.*)/s) : [word];
    if (word.startsWith("-")) {
      collecting = flags.includes(flag);
      if (collecting && value !== undefined) found.push(value);
    } else if (collecting) found.push(word);
  }
  return found;
}

function number(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || (value < 1 && flag !== "--limit"))
    throw new UsageError(`${flag} takes a whole number above 0, found "${text}"`);
  return value;
}

function readMapping(text: string | undefined, flag: string): Settings {
  if (text === undefined) return {};
  try {
    return parseYaml(text, flag);
  } catch (cause) {
    if (!(cause instanceof ProjectError)) throw cause;
    throw new UsageError(`${flag} takes a YAML mapping such as '{a: 1}', found ${text}\n${cause.message}`, { cause });
  }
}

/** `run-operation NAME`: the word right after the command. */
const macroNamed = (word: string | undefined): { macro?: string } => (word === undefined || word.startsWith("-") ? {} : { macro: word });
