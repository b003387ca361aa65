import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  findInWarehouse,
  readPointer,
  resumeSnapshots,
  rewriteWithout,
  snapshotsFolder,
  type Mirror,
  type PlaceCount,
  type Warehouse,
} from "@kehu/ingest";
import { erasedMark, openErasureJobs, personalColumns, type ErasureJob, type ErasureJobs } from "@kehu/operational-api/erasure";
import { entityNamed, type Logger } from "@kehu/operational-api/definitions";
import { searchBytes } from "./search-bytes.ts";
import type { ChildSettings } from "./settings.ts";

const lookEveryMs = 2_000;
const mirroredWithinMs = 600_000;
const stopWithinMs = 2_000;

const open = ({ databaseUrl, secret }: ChildSettings): Promise<ErasureJobs> => openErasureJobs({ url: databaseUrl, secret });

/** Before the warehouse's files are opened: rewrites them when an erasure has come to that. */
export async function rewriteForErasure(settings: ChildSettings, logger: Logger): Promise<void> {
  const jobs = await open(settings);
  try {
    const job = await jobs.next();
    if (job?.step !== "rewriting") return;
    logger.info({ erasure: job.id }, "writing the warehouse's files anew without an erased person");
    const { telling = [], shared = [] } = job.sought ?? {};
    const places = await rewriteWithout(settings.warehouseDir, {
      table: entityNamed(job.entity).table,
      recordId: job.recordId,
      columns: [...(personalColumns[job.entity] ?? []), "external_id"],
      telling,
      linked: job.entity === "contact" ? { column: "contact_id", texts: shared } : null,
      mark: erasedMark,
    });
    await jobs.advance(job, "rewritten", places);
  } finally {
    await jobs.close();
  }
}

/** Removes the snapshots from before the rewriting, once a newer one is served. Gives null while there is none. */
async function removeSnapshotsBefore(dir: string, moment: Date): Promise<PlaceCount | null> {
  const isOlder = async (file: string): Promise<boolean> => (await stat(file)).mtimeMs <= moment.getTime();
  if ((await readPointer(dir))?.pinned) await resumeSnapshots(dir);
  const served = await readPointer(dir);
  if (!served || (await isOlder(served.file))) return null;
  const folder = snapshotsFolder(dir);
  let count = 0;
  for (const name of (await readdir(folder)).filter((each) => each.endsWith(".duckdb"))) {
    if (!(await isOlder(join(folder, name)))) continue;
    await rm(join(folder, name));
    await rm(join(folder, name.replace(/duckdb$/, "json")), { force: true });
    count += 1;
  }
  return { place: "kept snapshots", count };
}

/** Everything that is there now: tables by their texts, then every byte of every file. Gives what was found after all, or null. */
async function searchEverywhere(job: ErasureJob, jobs: ErasureJobs, settings: ChildSettings, warehouse: Warehouse): Promise<string | null> {
  const sought = job.sought ?? { telling: [], shared: [] };
  const found = [...(await jobs.search(sought)), ...(await findInWarehouse(warehouse, sought.telling))];
  const cluster = await jobs.clusterFolder();
  const files = await searchBytes([settings.dataDir, ...(cluster.startsWith(settings.dataDir) ? [] : [cluster])], sought.telling);
  const places = [...found.map(({ place, count }) => `${place} (${count})`), ...files];
  return places.length > 0 ? `still found in ${places.slice(0, 20).join(", ")}` : null;
}

/**
 * Does the erasures that administrators ask for, one at a time and step by step: Postgres; then this process ends (`restart`) and, started again, rewrites
 * its files before it opens them; then, once a snapshot built from those is served, the earlier ones go, and a search over everything ends the job.
 */
export function startErasures(options: {
  settings: ChildSettings;
  warehouse: Warehouse;
  mirror: Pick<Mirror, "waitFor">;
  logger: Logger;
  restart: () => void;
}): { stop(): Promise<void> } {
  const { settings, warehouse, mirror, logger, restart } = options;
  const stopping = new AbortController();

  /** Whether there is nothing more to do now. */
  const step = async (job: ErasureJob, jobs: ErasureJobs): Promise<boolean> => {
    switch (job.step) {
      case "requested":
        await jobs.erase(job);
        return false;
      case "erased":
        await mirror.waitFor(await jobs.position(), mirroredWithinMs);
        await jobs.advance(job, "rewriting", []);
        logger.warn({ erasure: job.id }, "the warehouse process starts anew to write its files without an erased person");
        restart();
        stopping.abort();
        return true;
      case "rewritten": {
        const removed = await removeSnapshotsBefore(settings.warehouseDir, job.steppedAt);
        if (!removed) return true;
        const isLogNew = await jobs.scrub(job);
        const failure = await searchEverywhere(job, jobs, settings, warehouse);
        await jobs.finish(
          job,
          [removed],
          failure === null || isLogNew ? failure : `${failure}; a replication slot that stands still keeps the log`,
        );
        logger.warn({ erasure: job.id, complete: failure === null }, "an erasure has ended");
        return false;
      }
      default:
        return true;
    }
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const jobs = await open(settings);
        try {
          for (let job = await jobs.next(); job; job = await jobs.next()) {
            const running = job;
            const rests = await step(running, jobs).catch(async (error: Error) => {
              await jobs.note(running, error.message);
              throw error;
            });
            if (rests) break;
          }
        } finally {
          await jobs.close();
        }
      } catch (error) {
        logger.error({ err: error }, "an erasure could not go on; it is tried again");
      }
      await delay(lookEveryMs, undefined, { signal: stopping.signal }).catch(() => {}); // stopped
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      // A step that takes long is left: what is written down of it goes on at the next start.
      await Promise.race([running, delay(stopWithinMs)]);
    },
  };
}
