import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "@kehu/operational-api";
import type { TrialServer } from "./fault-trial.ts";

/** A Postgres of a trial's own, in a temporary folder, that may be killed. */
export async function startTrialServer(): Promise<TrialServer & { stop(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), "kehu-trial-postgres-"));
  let postgres = await startPostgres({ dataDir });
  return {
    get url() {
      return postgres.url;
    },
    async killAndStart() {
      process.kill(postgres.pid, "SIGKILL");
      await postgres.ended;
      postgres = await startPostgres({ dataDir });
    },
    async stop() {
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
