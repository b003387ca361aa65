import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "@kehu/operational-api";
import { incrementalTrial as trialOn } from "../../models/runner/live/incremental-trial.ts";

/** Random edits of a small company, each round's live build compared row for row with a full one; on a Postgres of its own. */
export async function incrementalTrial(options: { seed: number; rounds: number; say: (line: string) => void }): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "kehu-prove-postgres-"));
  const postgres = await startPostgres({ dataDir });
  try {
    await trialOn({ ...options, url: postgres.url });
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
