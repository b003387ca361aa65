import { readOptions, usage } from "./command-line-options.ts";
import { UsageError } from "./errors.ts";
import type { NodeResult } from "./node-result.ts";
import { runModels, type Command, type RunSummary } from "./run-models.ts";

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

const indent = (text: string): string => text.replace(/^/gm, "    ");

function print(command: Command, summary: RunSummary): void {
  if (summary.error !== null) {
    console.error(`kehu: ${summary.error}`);
    return;
  }
  if (command === "ls") for (const line of summary.listed) console.log(line);
  else if (command === "compile") for (const [id, sql] of summary.compiled) console.log(`-- ${id}\n${sql.trim()}\n`);
  else if (command === "show") console.table(summary.rows);
  else if (command === "docs generate") console.log("Wrote manifest.json, catalog.json and index.html to the target folder.");
  else if (command === "parse") console.log("Wrote manifest.json to the target folder.");
  else if (command === "source freshness") console.log(freshnessTotals(summary));
  else if (command !== "clean" && command !== "deps" && command !== "run-operation") console.log(totals(summary.results));
}

function freshnessTotals({ freshness }: RunSummary): string {
  const count = (...statuses: string[]): number => freshness.filter(({ status }) => statuses.includes(status)).length;
  return `Done. PASS=${count("pass")} WARN=${count("warn")} ERROR=${count("error", "runtime error")} TOTAL=${freshness.length}`;
}

function totals(results: readonly NodeResult[]): string {
  const count = (...statuses: string[]): number => results.filter((result) => statuses.includes(result.status)).length;
  return `Done. PASS=${count("success", "pass")} WARN=${count("warn")} ERROR=${count("error", "fail")} SKIP=${count("skipped")} TOTAL=${results.length}`;
}
