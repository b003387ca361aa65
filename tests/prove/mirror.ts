import { faultTrial } from "../../ingest/src/mirror/trial/fault-trial.ts";
import { startTrialServer } from "../../ingest/src/mirror/trial/trial-server.ts";

/** Random writes and schema changes on every kind of table and type, with kills, cuts, full disks and jumping clocks; on a Postgres of its own. */
export async function mirrorTrial(options: { seed: number; rounds: number; say: (line: string) => void }): Promise<void> {
  const server = await startTrialServer();
  try {
    await faultTrial({ ...options, server });
  } finally {
    await server.stop();
  }
}
