import { constants } from "node:fs";
import { copyFile, open, rm, type FileHandle } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { checkpoint } from "./checkpoint.ts";
import { recall, remember, tagOf, type PieceTags } from "./known-files.ts";

const headerBytes = 3 * 4096;
/** DuckDB's blocks, which begin after the headers, are of this size unless a file was made otherwise: what is compared, and written where it differs, as one. */
const blockBytes = 1 << 18;
/** Blocks that are read at once. */
const readBytes = 4 * blockBytes;

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

/** By sharing the blocks, where the file system can. */
export const cloneFile: CopyFile = (from, to) => copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);

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

/**
 * Makes `to`, an earlier copy or a new file, the same bytes as `from`; the disk takes only what is new. What an earlier copy of this process has in it is known
 * by tags, and it is not read: together with `from` it may be more than the system keeps in memory. Of any other all is read and compared.
 */
export const writeDifferences: CopyFile = async (from, to) => {
  const source = await open(from, "r");
  try {
    const target = await open(to, constants.O_RDWR | constants.O_CREAT);
    try {
      const { size } = await source.stat();
      const known = recall(await target.stat({ bigint: true }));
      await target.truncate(size);
      const tags: Buffer[] = [];
      const copy = (begin: number, end: number): Promise<void> => copyPieces({ source, target, known, tags, begin, end });
      const half = Math.min(size, headerBytes + Math.ceil((size - headerBytes) / 2 / readBytes) * readBytes);
      await copy(0, headerBytes);
      // One half waits for the system while the other is compared.
      await Promise.all([copy(headerBytes, half), copy(half, size)]);
      const now = new Date();
      await target.utimes(now, now);
      remember(await target.stat({ bigint: true }), tags);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
};

interface Pieces {
  source: FileHandle;
  target: FileHandle;
  /** Of the whole target as it was: the headers are the first piece, every block is one. */
  known: PieceTags | null;
  /** Of the target as it will be. */
  tags: Buffer[];
  /** The headers, or a place after them where a block begins. */
  begin: number;
  end: number;
}

async function copyPieces({ source, target, known, tags, begin, end }: Pieces): Promise<void> {
  const [wanted, found] = [Buffer.alloc(readBytes), Buffer.alloc(known ? 0 : readBytes)];
  for (let position = begin; position < end; position += readBytes) {
    const length = Math.min(readBytes, end - position);
    const [now, before] = await Promise.all([
      source.read(wanted, 0, length, position),
      known ? null : target.read(found, 0, length, position),
    ]);
    for (let at = 0; at < now.bytesRead; at += blockBytes) {
      const until = Math.min(at + blockBytes, now.bytesRead);
      const piece = wanted.subarray(at, until);
      const index = position === 0 ? 0 : 1 + (position + at - headerBytes) / blockBytes;
      const tag = tagOf(piece);
      const isThere = known ? known[index]?.equals(tag) : piece.equals(found.subarray(at, Math.min(until, before?.bytesRead ?? 0)));
      if (!isThere) await target.write(piece, 0, piece.length, position + at);
      tags[index] = tag;
    }
  }
}
