import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "./errors.ts";
import { asSettings, isSettings } from "./yaml.ts";
import type { Settings } from "./resources.ts";

/** What run_results.json says about an earlier run: how it was called, and what did not end well. */
export interface EarlierRun {
  command: string;
  vars: Settings;
  fullRefresh: boolean;
  storeFailures: boolean;
  failFast: boolean;
  /** Unique ids of nodes that failed or were skipped. */
  unfinished: string[];
}

const unfinishedStatuses = new Set(["error", "fail", "skipped", "runtime error"]);

/** Reads the artifacts of an earlier run from its target folder. */
export async function readEarlierRun(folder: string): Promise<EarlierRun> {
  const file = join(folder, "run_results.json");
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UsageError(`retry reads ${file}, which isn't there: run a command first, or name its folder with --state`, { cause });
  });
  const document: unknown = JSON.parse(text);
  if (!isSettings(document) || !Array.isArray(document.results)) throw new UsageError(`${file} is not a dbt run_results.json`);
  const args = asSettings(document.args, `${file}: args`);
  return {
    command: String(args.which ?? ""),
    vars: isSettings(args.vars) ? args.vars : {},
    fullRefresh: args.full_refresh === true,
    storeFailures: args.store_failures === true,
    failFast: args.fail_fast === true,
    unfinished: document.results
      .filter((result) => isSettings(result) && unfinishedStatuses.has(String(result.status)))
      .map((result: Settings) => String(result.unique_id)),
  };
}
