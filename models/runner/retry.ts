import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "./errors.ts";
import { asList, asSettings, asTexts, isSettings } from "./yaml.ts";
import type { Span } from "./microbatch.ts";
import type { Settings } from "./resources.ts";
import { readAttachment, type Attachment } from "./target-database.ts";

/** What run_results.json says about an earlier run: how it was called, and what did not end well. */
export interface EarlierRun {
  command: string;
  /** What it built in and read from, as far as files of its own. */
  target: { targetName?: string; database?: string; attach: Attachment[] };
  vars: Settings;
  fullRefresh: boolean;
  storeFailures: boolean;
  failFast: boolean;
  empty: boolean;
  /** What the run was deferred to, an absolute folder. */
  deferral: { state: string; favorState: boolean } | null;
  /** The span that microbatch models were built for. */
  eventTimes: { eventTimeStart: string; eventTimeEnd: string } | null;
  /** Unique ids of nodes that failed or were skipped. */
  unfinished: string[];
  /** By unique id, the batches that failed of models that have others. */
  batches: Map<string, Span[]>;
}

const unfinishedStatuses = new Set(["error", "fail", "skipped", "runtime error", "partial success"]);

/** Reads the artifacts of an earlier run from its target folder. */
export async function readEarlierRun(folder: string): Promise<EarlierRun> {
  const file = join(folder, "run_results.json");
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UsageError(`retry reads ${file}, which isn't there: run a command first, or name its folder with --state`, { cause });
  });
  const document: unknown = JSON.parse(text);
  if (!isSettings(document) || !Array.isArray(document.results)) throw new UsageError(`${file} is not a dbt run_results.json`);
  const args = asSettings(document.args, `${file}: args`);
  const unfinished = document.results.filter(isSettings).filter((result) => unfinishedStatuses.has(String(result.status)));
  const { event_time_start: start, event_time_end: end } = args;
  return {
    command: String(args.which ?? ""),
    target: {
      ...(typeof args.target === "string" && { targetName: args.target }),
      ...(typeof args.database === "string" && { database: args.database }),
      attach: asTexts(args.attach ?? [], `${file}: args.attach`).map(readAttachment),
    },
    vars: isSettings(args.vars) ? args.vars : {},
    fullRefresh: args.full_refresh === true,
    storeFailures: args.store_failures === true,
    failFast: args.fail_fast === true,
    empty: args.empty === true,
    deferral: args.defer === true && typeof args.state === "string" ? { state: args.state, favorState: args.favor_state === true } : null,
    eventTimes: typeof start === "string" && typeof end === "string" ? { eventTimeStart: start, eventTimeEnd: end } : null,
    unfinished: unfinished.map((result) => String(result.unique_id)),
    batches: new Map(
      unfinished.filter(({ status }) => status === "partial success").map((result) => [String(result.unique_id), failedOf(result, file)]),
    ),
  };
}

function failedOf({ unique_id: id, batch_results: batches }: Settings, file: string): Span[] {
  const { failed } = asSettings(batches, `${file}: batch_results of ${String(id)}`);
  return asList(failed, file).map((pair) => {
    const [start, end] = asTexts(pair, file).map((text) => new Date(text));
    if (!start || !end) throw new UsageError(`${file}: a failed batch of ${String(id)} is not a start and an end`);
    return { start, end };
  });
}
