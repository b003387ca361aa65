import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { copyHashed, type FileProof, proofOf } from "./hashed-copy.ts";

/** A file below the backup's folder, by its path there. */
export interface BackedUpFile extends FileProof {
  path: string;
}

export interface BaseBackup {
  /** `18` */
  majorVersion: string;
  /** Position up to which everything that had committed is in the backup. */
  stopLsn: string;
  files: BackedUpFile[];
  /** Every folder, also those without files: Postgres wants them. */
  folders: string[];
}

/** What belongs to the running server and not to its data; Postgres's own base backup leaves out the same. */
const leftOut = new Set(["postmaster.pid", "postmaster.opts", "backup_label", "tablespace_map", "backup_manifest", "current_logfiles"]);
const emptied = new Set(["pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans"]);
const isTemporary = (name: string): boolean => name.startsWith("pgsql_tmp") || name.startsWith("pg_internal.init");
const copiesAtOnce = 8;

interface Found {
  files: string[];
  folders: string[];
}

async function listCluster(cluster: string, within = "", found: Found = { files: [], folders: [] }): Promise<Found> {
  const entries = await readdir(join(cluster, within), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return []; // dropped while we looked
    throw error;
  });
  for (const entry of entries) {
    const path = within ? `${within}/${entry.name}` : entry.name;
    if (leftOut.has(path) || isTemporary(entry.name)) continue;
    if (entry.isSymbolicLink()) throw new Error(`${join(cluster, path)} is a symbolic link: tablespaces elsewhere can't be backed up`);
    if (entry.isDirectory()) {
      found.folders.push(path);
      if (!emptied.has(path)) await listCluster(cluster, path, found);
    } else if (entry.isFile()) found.files.push(path);
  }
  return found;
}

async function copyAll(from: string, to: string, paths: readonly string[]): Promise<BackedUpFile[]> {
  const waiting = [...paths];
  const files: BackedUpFile[] = [];
  const worker = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      try {
        files.push({ path, ...(await copyHashed(join(from, path), join(to, path))) });
      } catch (error) {
        // Dropped while we copied: the log says so, and recovery does not miss it.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: copiesAtOnce }, worker));
  return files;
}

/** `00000001000000000000002A`: timeline, then the position in pieces of `size` bytes. */
const segmentName = (timeline: number, position: bigint, size: bigint): string => {
  const number = position / size;
  const perId = 0x1_0000_0000n / size;
  const part = (value: bigint): string => value.toString(16).toUpperCase().padStart(8, "0");
  return part(BigInt(timeline)) + part(number / perId) + part(number % perId);
};

const positionOf = (lsn: string): bigint => {
  const [high = "", low = ""] = lsn.split("/");
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
};

/**
 * Copies the cluster of the embedded server at `url` (its owner's) into the folder `target`, while it is written to: its files as they are, then the log from
 * the start of the copy to its end, by which a server that starts on the copy makes it whole. `beforeEnd` runs when the files are copied; what commits until
 * it resolves is in the backup.
 */
export async function takeBaseBackup(options: { url: string; target: string; beforeEnd: () => Promise<void> }): Promise<BaseBackup> {
  const { url, target, beforeEnd } = options;
  const client = new Client({ connectionString: url, application_name: "kehu backup" });
  await client.connect();
  try {
    const one = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row> =>
      (await client.query<Row & Record<string, unknown>>(sql, values)).rows[0]!;
    const { cluster, major, segment } = await one<{ cluster: string; major: string; segment: string }>(`
      select current_setting('data_directory') as cluster, current_setting('server_version_num')::int / 10000 as major,
             (select setting from pg_settings where name = 'wal_segment_size') as segment`);
    // The slot keeps the log from here on until the connection ends.
    await client.query("select pg_create_physical_replication_slot($1, true, true)", [`kehu_backup_${process.pid}`]);
    const start = await one<{ lsn: string; timeline: number }>(`
      select pg_backup_start('kehu backup', fast => true)::text as lsn, (select timeline_id from pg_control_checkpoint()) as timeline`);
    await mkdir(target, { recursive: true, mode: 0o700 });
    const { files: paths, folders } = await listCluster(cluster);
    // Read last: it names the checkpoint that recovery is not to begin after.
    const files = await copyAll(
      cluster,
      target,
      paths.filter((path) => path !== "global/pg_control"),
    );
    for (const folder of folders) await mkdir(join(target, folder), { recursive: true, mode: 0o700 });
    files.push(...(await copyAll(cluster, target, ["global/pg_control"])));
    await beforeEnd();
    const stop = await one<{ lsn: string; label: string }>(
      "select lsn::text, labelfile as label from pg_backup_stop(wait_for_archive => false)",
    );
    const size = BigInt(segment);
    const [first, last] = [positionOf(start.lsn) / size, (positionOf(stop.lsn) - 1n) / size];
    const segments = Array.from({ length: Number(last - first) + 1 }, (_, index) =>
      segmentName(start.timeline, (first + BigInt(index)) * size, size),
    );
    const log = await copyAll(
      cluster,
      target,
      segments.map((name) => `pg_wal/${name}`),
    );
    if (log.length !== segments.length) throw new Error("the log of the backup's time is gone from the server; take the backup again");
    const labelFile = join(target, "backup_label");
    await writeFile(labelFile, stop.label, { mode: 0o600, flag: "wx", flush: true });
    files.push(...log, { path: "backup_label", ...(await proofOf(labelFile)) });
    return { majorVersion: String(major), stopLsn: stop.lsn, files, folders };
  } finally {
    await client.end();
  }
}
