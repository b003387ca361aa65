import { readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { readPointer, snapshotsFolder } from "./snapshot-pointer.ts";

/** Which earlier snapshots stay: the newest `last`, the newest of each of the last `hours` hours and `days` days. */
export interface Retention {
  last: number;
  hours: number;
  days: number;
}

export const defaultRetention: Retention = { last: 3, hours: 24, days: 7 };

/** A snapshot that leaves less than this share of the disk is not worth keeping beside the current one. */
const leastFreeShare = 0.1;

interface KeptSnapshot {
  /** Of its file: `<build>.duckdb`. */
  name: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** What is known of a snapshot lies beside it. */
export const descriptionOf = (name: string): string => name.replace(/duckdb$/, "json");

/** The snapshots that stay by `keep`, newest first in `snapshots`. Pure. */
export function retained(snapshots: readonly KeptSnapshot[], keep: Retention, now: number): Set<string> {
  const stays = new Set(snapshots.slice(0, keep.last).map(({ name }) => name));
  const newestPer = (unitMs: number, units: number): void => {
    const seen = new Set<number>();
    for (const { name, at } of snapshots) {
      const slot = Math.floor(at / unitMs);
      if (now - at > units * unitMs || seen.has(slot)) continue;
      seen.add(slot);
      stays.add(name);
    }
  };
  newestPer(3_600_000, keep.hours);
  newestPer(86_400_000, keep.days);
  return stays;
}

/** Newest first. */
async function listSnapshots(folder: string): Promise<KeptSnapshot[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".duckdb"));
  const snapshots = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })));
  return snapshots.sort((one, other) => other.at - one.at || (other.name > one.name ? 1 : -1));
}

/** The oldest snapshot that goes when one of the name `coming` is published now; null when all stay. Never the served one. */
export async function firstToGo(dir: string, coming: string, keep: Retention): Promise<string | null> {
  const served = (await readPointer(dir))?.build;
  const now = Date.now();
  const snapshots = [{ name: coming, at: now }, ...(await listSnapshots(snapshotsFolder(dir)))];
  const stays = retained(snapshots, keep, now);
  return snapshots.findLast(({ name }) => !stays.has(name) && name !== coming && name !== `${served}.duckdb`)?.name ?? null;
}

/** Removes what does not stay by `keep`, and on a full disk the oldest of what would. Never the served one nor `newest`. */
export async function removeOld(dir: string, newest: string, keep: Retention): Promise<void> {
  const folder = snapshotsFolder(dir);
  const served = (await readPointer(dir))?.build;
  const snapshots = await listSnapshots(folder);
  const stays = retained(snapshots, keep, Date.now());
  for (const { name } of snapshots.toReversed()) {
    if (name === newest || name === `${served}.duckdb`) continue;
    const { bavail, blocks } = await statfs(folder);
    if (stays.has(name) && bavail / blocks >= leastFreeShare) continue;
    await rm(join(folder, name), { force: true });
    await rm(join(folder, descriptionOf(name)), { force: true });
  }
}
