import { resolve } from "node:path";
import { UsageError, didYouMean } from "./errors.ts";
import type { Span } from "./microbatch.ts";
import { readProjectFile } from "./project-file.ts";
import type { Settings } from "./resources.ts";
import { readEarlierRun } from "./retry.ts";
import { commands, type Command, type RunOptions } from "./run-options.ts";
import { targetOf } from "./target-database.ts";

/** A command with what it works on: `retry` has become the command that it repeats. */
export interface Task extends RunOptions {
  command: Exclude<Command, "retry" | "clean" | "deps">;
  /** `retry`: these nodes and no others. */
  only?: ReadonlySet<string>;
  /** `retry`: of these models only these batches. */
  batches?: ReadonlyMap<string, readonly Span[]>;
}

/** `retry`: the command that it repeats, for what did not end well. Raises UsageError where there is nothing to repeat. */
export async function repeatedTask(options: RunOptions): Promise<Task> {
  // Where the earlier run built stands in what it left, and that is found by dbt_project.yml alone.
  const settings = await readProjectFile(options.projectDir, targetOf({ database: "target", ...options }, 1), options.vars ?? {});
  const earlier = await readEarlierRun(resolve(options.projectDir, options.state ?? options.targetPath ?? settings.targetPath));
  const repeated = commands.find((known) => known === earlier.command);
  if (!repeated || repeated === "retry" || repeated === "clean" || repeated === "deps")
    throw new UsageError(`retry can't repeat "${earlier.command}".${didYouMean(earlier.command, commands)}`);
  const { state: _, ...call } = options;
  return {
    ...(call.connection ? {} : earlier.target),
    ...call,
    ...(!call.connection && !call.attach?.length && { attach: earlier.target.attach }),
    ...earlier.eventTimes,
    ...(earlier.deferral && { ...earlier.deferral, defer: true }),
    command: repeated,
    vars: { ...earlier.vars, ...options.vars },
    fullRefresh: options.fullRefresh || earlier.fullRefresh,
    storeFailures: options.storeFailures || earlier.storeFailures,
    failFast: options.failFast || earlier.failFast,
    empty: earlier.empty,
    batches: earlier.batches,
    only: new Set(earlier.unfinished),
  };
}

/** The call in dbt's words, for run_results.json, `flags` and `invocation_args_dict`. */
export const callArguments = (task: Task): Settings => ({
  vars: task.vars ?? {},
  target: task.targetName ?? null,
  database: task.database === undefined ? null : resolve(task.database),
  attach: (task.attach ?? []).map(({ name, file }) => `${name}=${resolve(file)}`),
  full_refresh: task.fullRefresh ?? false,
  store_failures: task.storeFailures ?? false,
  fail_fast: task.failFast ?? false,
  select: task.select ?? [],
  exclude: task.exclude ?? [],
  indirect_selection: task.indirectSelection ?? "eager",
  empty: task.empty ?? false,
  defer: task.defer ?? false,
  favor_state: task.favorState ?? false,
  state: task.state === undefined ? null : resolve(task.projectDir, task.state),
  event_time_start: task.eventTimeStart ?? null,
  event_time_end: task.eventTimeEnd ?? null,
});
