import { parseArgs } from "node:util";
import { UsageError, didYouMean } from "./errors.ts";
import type { NodeResult } from "./node-result.ts";
import type { Node, Settings } from "./resources.ts";
import { commands, runModels, type Command, type RunOptions, type RunSummary } from "./run-models.ts";
import { isSettings, parseYaml } from "./yaml.ts";

const usage = `kehu build | run | test | seed | snapshot | compile | ls | show | docs generate | source freshness | retry
  --project-dir DIR     folder of dbt_project.yml (default: the current folder)
  --database FILE       DuckDB file to build in; its catalog is the file's name without the ending
  -s, --select WORDS    name, folder.name, path:, tag:, source:, config.x:, +name+, @name, a,b
  --exclude WORDS       the same, taken away
  --selector NAME       a selector of selectors.yml
  --vars YAML           '{as_of: 2026-11-22}'
  --threads N           nodes built at once
  -f, --full-refresh    rebuild incremental models from nothing
  -x, --fail-fast       stop at the first failure
  --store-failures      keep the failing rows of tests in tables of the audit schema
  --state DIR           retry: where the earlier run's artifacts are (default: the target folder)
  --target-path DIR     where manifest.json and run_results.json go (default: target)
  --inline SQL, --limit N   for show`;

/** The command line of the runner: `["build", "--select", …]`. Answers the exit code: 0 good, 1 a node or test failed, 2 usage or project error. */
export async function runnerCommand(argv: string[]): Promise<number> {
  const cancelled = new AbortController();
  // The first Ctrl-C ends the run in order; a second one ends the process, as no listener is left.
  const cancel = (): void => cancelled.abort();
  process.once("SIGINT", cancel);
  try {
    const options = readOptions(argv);
    if (options === "help") {
      console.log(usage);
      return 0;
    }
    const summary = await runModels({
      ...options,
      signal: cancelled.signal,
      onProgress: ({ line, result }) => {
        console.log(line);
        if (result.status === "error" || result.status === "fail") console.log(indent(result.message ?? ""));
      },
      log: (message) => console.log(message),
    });
    print(options.command, summary);
    return summary.exitCode;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`kehu: ${error.message}`);
    return 2;
  } finally {
    process.off("SIGINT", cancel);
  }
}

function readOptions(argv: string[]): RunOptions | "help" {
  const [given = "help", ...rest] = argv;
  if (given === "help" || rest.includes("--help") || rest.includes("-h")) return "help";
  // `docs generate` and `source freshness` are two words.
  const two = `${given} ${rest[0] ?? ""}`;
  const command = given === "list" ? "ls" : commands.find((candidate) => candidate === given || candidate === two);
  if (!command) throw new UsageError(`the runner has no command "${given}".${didYouMean(given, commands)}\n${usage}`);
  const { values } = parse(rest);
  const limit = number(values.limit, "--limit");
  const threads = number(values.threads, "--threads");
  return {
    command,
    projectDir: values["project-dir"] ?? ".",
    select: [...words(rest, ["--select", "-s", "--models", "-m"]), ...words(rest, ["--selector"]).map((name) => `selector:${name}`)],
    exclude: words(rest, ["--exclude"]),
    vars: readVars(values.vars),
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
        "target-path": { type: "string" },
        inline: { type: "string" },
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

function readVars(text: string | undefined): Settings {
  if (text === undefined) return {};
  const vars = parseYaml(text, "--vars");
  if (!isSettings(vars)) throw new UsageError(`--vars takes a YAML mapping such as '{a: 1}', found ${text}`);
  return vars;
}

const indent = (text: string): string => text.replace(/^/gm, "    ");

function print(command: Command, summary: RunSummary): void {
  if (summary.error !== null) {
    console.error(`kehu: ${summary.error}`);
    return;
  }
  if (command === "ls") for (const node of summary.nodes) console.log(listed(node));
  else if (command === "compile") for (const [id, sql] of summary.compiled) console.log(`-- ${id}\n${sql.trim()}\n`);
  else if (command === "show") console.table(summary.rows);
  else if (command === "docs generate") console.log("Wrote manifest.json, catalog.json and index.html to the target folder.");
  else if (command === "source freshness") console.log(freshnessTotals(summary));
  else console.log(totals(summary.results));
}

function freshnessTotals({ freshness }: RunSummary): string {
  const count = (...statuses: string[]): number => freshness.filter(({ status }) => statuses.includes(status)).length;
  return `Done. PASS=${count("pass")} WARN=${count("warn")} ERROR=${count("error", "runtime error")} TOTAL=${freshness.length}`;
}

const listed = (node: Node): string => node.fqn.join(".");

function totals(results: readonly NodeResult[]): string {
  const count = (...statuses: string[]): number => results.filter((result) => statuses.includes(result.status)).length;
  return `Done. PASS=${count("success", "pass")} WARN=${count("warn")} ERROR=${count("error", "fail")} SKIP=${count("skipped")} TOTAL=${results.length}`;
}
