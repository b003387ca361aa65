import { mkdir, open as openFile, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import { sqlName } from "../warehouse.ts";
import { copyRows } from "./copy-rows.ts";
import { byteOrderMark, copyTabbed, inFile, isPlain } from "./row-files.ts";
import type { Part } from "./row-files.ts";
import type { SourceTable } from "./source-catalog.ts";
import { sourceRows } from "./table-copy.ts";

/** Bytes of a file after which the next one is begun: the copies that are under way take a few times this of the disk. */
const partBytes = 64 * 1024 * 1024;
/** Of the first file: so there is soon something to load while the rest comes. */
const firstPartBytes = 8 * 1024 * 1024;
/** Bytes that are written at once. */
const writeBytes = 1024 * 1024;

/** A table's rows in files. */
export type Download = readonly Part[];

const scratchFolder = (dir: string, slot: string): string => join(dir, `scratch-${slot}`);

/** An empty folder in `dir` for the files of the mirror of one slot: other mirrors may have their files beside it. What a process that was killed left is gone. */
export async function emptyScratch(dir: string, slot: string): Promise<string> {
  await removeScratch(dir, slot);
  await mkdir(scratchFolder(dir, slot));
  return scratchFolder(dir, slot);
}

export const removeScratch = (dir: string, slot: string): Promise<void> => rm(scratchFolder(dir, slot), { recursive: true, force: true });

export const removeParts = async (parts: Download): Promise<void> => {
  for (const { file } of parts) await rm(file, { force: true });
};

/** Part of a table's rows: those of some of its pages. `name` tells its files from those of other stretches. */
export interface Stretch {
  table: SourceTable;
  name: string;
  /** SQL; null: all rows. */
  where: string | null;
}

/**
 * Writes a stretch's rows, as `client`'s transaction sees them, to files in `dir`, each of which is put as soon as it is whole. What `put` returns is waited
 * for. On an error the file that was begun is removed; those that were put are the caller's.
 */
export async function downloadStretch(
  client: Client,
  schema: string,
  { table, name, where }: Stretch,
  dir: string,
  put: (part: Part) => Promise<void>,
): Promise<void> {
  const columns = inFile(table.columns.map(({ name: column }) => sqlName(column)));
  let count = 0;
  let open: { part: Part; handle: FileHandle; bytes: number } | undefined;
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;

  async function write(): Promise<void> {
    if (!open) {
      const file = join(dir, `copy-${name}-${count++}.txt.tmp`);
      open = { part: { file, rowBytes: 0, format: "plain" }, handle: await openFile(file, "w"), bytes: 0 };
      await open.handle.writeFile(byteOrderMark);
    }
    const buffers = gathered;
    open.bytes += gatheredBytes;
    gathered = [];
    gatheredBytes = 0;
    const { bytesWritten } = await open.handle.writev(buffers);
    const wanted = buffers.reduce((sum, { length }) => sum + length, 0);
    if (bytesWritten < wanted) throw new Error(`${open.part.file}: ${bytesWritten} of ${wanted} bytes were written; is the disk full?`);
  }
  async function finish(): Promise<void> {
    if (!open) return;
    const { part, handle } = open;
    open = undefined;
    await handle.close();
    await put(part);
  }
  let longest = 0;
  let allPlain = true;
  const note = (): void => {
    if (open && longest > open.part.rowBytes) open.part.rowBytes = longest;
    if (open && !allPlain) open.part.format = "tabbed";
    longest = 0;
    allPlain = true;
  };
  try {
    // A query rather than the table itself, so that partitioned tables are read too.
    const rows = `select ${columns} from ${sourceRows(schema, table)}${where === null ? "" : ` where ${where}`}`;
    await copyRows(client, `copy (${rows}) to stdout ${copyTabbed}`, (packed, longestPacked) => {
      gathered.push(packed);
      gatheredBytes += packed.length;
      if (longestPacked > longest) longest = longestPacked;
      allPlain &&= isPlain(packed);
      if (gatheredBytes < writeBytes) return undefined;
      return write().then(() => {
        note();
        return open!.bytes < (count === 1 ? firstPartBytes : partBytes) ? undefined : finish();
      });
    });
    if (gatheredBytes > 0) await write();
    note();
    await finish();
  } catch (error) {
    if (open) {
      await open.handle.close();
      await rm(open.part.file, { force: true });
    }
    throw error;
  }
}

/** Writes a table's rows, as `client`'s transaction sees them, to files in `dir`. */
export async function downloadTable(client: Client, schema: string, table: SourceTable, dir: string): Promise<Download> {
  const parts: Part[] = [];
  try {
    await downloadStretch(client, schema, { table, name: String(table.oid), where: null }, dir, async (part) => void parts.push(part));
    return parts;
  } catch (error) {
    await removeParts(parts);
    throw error;
  }
}
