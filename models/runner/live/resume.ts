import { readdir } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { readPointer, snapshotsFolder, type SnapshotPointer } from "@kehu/ingest";
import { readLedger } from "./ledger.ts";

/** Where the builder before this one came to. */
export interface LastState {
  /** The served snapshot; null before the first publish. */
  pointer: SnapshotPointer | null;
  /** What the tables state; null when they are not whole, or of another project: then everything is made anew. */
  lsn: string | null;
  /** The company day they were made on; empty before the first build. */
  builtDay: string;
  /** The number of the last build. */
  sequence: number;
}

export async function readLastState(connection: DuckDBConnection, dir: string, fingerprint: string): Promise<LastState> {
  const ledger = await readLedger(connection);
  const pointer = await readPointer(dir);
  const isWhole = ledger !== null && ledger.isFinished && ledger.fingerprint === fingerprint && (await isPublished(dir, ledger.build));
  return {
    pointer,
    lsn: isWhole ? ledger.lsn : null,
    builtDay: ledger?.companyDay ?? "",
    sequence: Math.max(sequenceOf(ledger?.build), sequenceOf(pointer?.build)),
  };
}

/** Whether a build became a snapshot that is still kept; which one is served may have been chosen by hand. */
async function isPublished(dir: string, build: string): Promise<boolean> {
  const names = await readdir(snapshotsFolder(dir));
  return names.includes(`${build}.json`);
}

/** The number at the end of a build's id; 0 for none. */
const sequenceOf = (build: string | undefined): number => Number(/-(\d+)$/.exec(build ?? "")?.[1] ?? 0);
