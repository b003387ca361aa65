import { constants } from "node:os";
import { enterTemporaryFolder } from "../temporary-folder.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs a trial with a temporary folder of its own, which goes at the trial's end and when a signal ends it. */
export async function inTrialFolder<Result>(trial: string, work: () => Promise<Result>): Promise<Result> {
  const leave = await enterTemporaryFolder(`prove-${trial}`);
  const end = (signal: NodeJS.Signals): void => {
    console.error(`${trial}: ended by ${signal}, removing what it made`);
    void leave().finally(() => process.exit(128 + constants.signals[signal]));
  };
  for (const signal of signals) process.once(signal, end);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, end);
    await leave();
  }
}
