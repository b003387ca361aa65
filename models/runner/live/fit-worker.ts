import { parentPort, workerData } from "node:worker_threads";
import { openSnapshot } from "@kehu/ingest";
import { importFit } from "../fits/load-fits.ts";
import { computeFit, type FitInput, type FitRun } from "../fits/run-fit.ts";
import type { Settings } from "../resources.ts";

/** What the thread that computes fits is given. */
export interface FitWork {
  files: readonly string[];
  /** A published snapshot. */
  snapshot: string;
  /** Models by name, as they are in a snapshot. */
  models: readonly Omit<FitInput, "database">[];
  today: string;
  asOf: Date;
  vars: Settings;
}

/** What `openSnapshot` calls it. */
const catalog = "snap";

/** Runs every fit on a published snapshot, in a thread of its own: minutes of arithmetic must not hold up the mirror. Answers the runs in one message. */
async function work({ files, snapshot, models, today, asOf, vars }: FitWork): Promise<FitRun[]> {
  const instance = await openSnapshot(snapshot, { threads: 1, memoryLimit: "1GB" });
  const connection = await instance.connect();
  try {
    const runs: FitRun[] = [];
    for (const file of files) {
      const fit = await importFit(file);
      const inputs = models.filter(({ name }) => fit.inputs.includes(name)).map((model) => ({ ...model, database: catalog }));
      runs.push(await computeFit(fit, inputs, { asOf, today, vars }, connection, () => new Date()));
    }
    return runs;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const port = parentPort;
if (!port) throw new Error("fit-worker.ts runs in a worker thread");
port.postMessage(await work(workerData as FitWork));
