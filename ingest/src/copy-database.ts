import { constants } from "node:fs";
import { copyFile, open, rm, utimes, type FileHandle } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { checkpoint } from "./checkpoint.ts";

const headerBytes = 3 * 4096;
/** DuckDB's blocks, which begin after the headers, are of this size unless a file was made otherwise: what is compared, and written where it differs, as one. */
const blockBytes = 1 << 18;

/** DuckDB's main header and its two root headers. Blocks reachable from the current root are only overwritten after a root has moved. */
async function readHeaders(file: string): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** One way to bring a file's bytes into another. */
export type CopyFile = (from: string, to: string) => Promise<void>;

/** By sharing the blocks where the file system can. */
export const wholeCopy: CopyFile = (from, to) => copyFile(from, to, constants.COPYFILE_FICLONE);

/** Whether the file system shares the blocks of copies: then a whole copy costs nothing. `to` is not there, and is not afterwards. */
export async function sharesBlocks(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  } finally {
    await rm(to, { force: true });
  }
}

/**
 * Copies the file of the catalog `warehouse` while it may be written, onto the disk: a checkpoint in between moves a root header, and the copy is made again.
 */
export async function copyDatabase(connection: DuckDBConnection, from: string, to: string, copy: CopyFile): Promise<void> {
  for (;;) {
    await checkpoint(connection, "warehouse");
    const before = await readHeaders(from);
    await copy(from, to);
    if (before.equals(await readHeaders(from))) break;
  }
  const handle = await open(to, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes `to`, an earlier copy, the same bytes as `from`. All of both is read, mostly from memory; the disk takes only what is new. */
export const writeDifferences: CopyFile = async (from, to) => {
  const source = await open(from, "r");
  try {
    const target = await open(to, "r+");
    try {
      const { size } = await source.stat();
      await target.truncate(size);
      const blocks = Math.ceil((size - headerBytes) / blockBytes);
      const half = headerBytes + Math.ceil(blocks / 2) * blockBytes;
      await copyPieces(source, target, 0, headerBytes);
      // One half waits for the system while the other is compared.
      await Promise.all([copyPieces(source, target, headerBytes, half), copyPieces(source, target, half, size)]);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  const now = new Date();
  await utimes(to, now, now);
};

async function copyPieces(source: FileHandle, target: FileHandle, from: number, to: number): Promise<void> {
  const [wanted, found] = [Buffer.alloc(blockBytes), Buffer.alloc(blockBytes)];
  for (let position = from; position < to; position += blockBytes) {
    const length = Math.min(blockBytes, to - position);
    const [now, before] = await Promise.all([source.read(wanted, 0, length, position), target.read(found, 0, length, position)]);
    const piece = wanted.subarray(0, now.bytesRead);
    if (!piece.equals(found.subarray(0, before.bytesRead))) await target.write(piece, 0, piece.length, position);
  }
}
