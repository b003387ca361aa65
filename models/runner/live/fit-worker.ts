import { parentPort, workerData } from "node:worker_threads";
import { openSnapshot } from "@kehu/ingest";
import type { Fit } from "../fits/definition.ts";
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
  /** The cuts to run the fits for, each with its calendar day in the company's zone. */
  cuts: readonly { asOf: Date; today: string }[];
  /** The cuts lie before the snapshot's: only fits that can leave out what came later are run, and they do. */
  arePast: boolean;
  vars: Settings;
}

/** What `openSnapshot` calls it. */
const catalog = "snap";

/** Runs every fit on a published snapshot, in a thread of its own: minutes of arithmetic must not hold up the mirror. Answers the runs in one message. */
async function work({ files, snapshot, models, cuts, arePast, vars }: FitWork): Promise<FitRun[]> {
  const instance = await openSnapshot(snapshot, { threads: 1, memoryLimit: "1GB" });
  const connection = await instance.connect();
  try {
    const runs: FitRun[] = [];
    for (const file of files) {
      const given = await importFit(file);
      const fit = arePast ? ofThePast(given) : given;
      if (!fit) continue;
      const inputs = models.filter(({ name }) => fit.inputs.includes(name)).map((model) => ({ ...model, database: catalog }));
      for (const cut of cuts) runs.push(await computeFit(fit, inputs, { ...cut, vars }, connection, () => new Date()));
    }
    return runs;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The same fit on what was there before the day of the cut; null for a fit that can't tell. */
function ofThePast(fit: Fit): Fit | null {
  const { inputsBefore } = fit;
  return inputsBefore ? { ...fit, run: (inputs, context) => fit.run(inputsBefore(inputs, context.today), context) } : null;
}

const port = parentPort;
if (!port) throw new Error("fit-worker.ts runs in a worker thread");
port.postMessage(await work(workerData as FitWork));
