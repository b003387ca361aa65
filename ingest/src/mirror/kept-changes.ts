import { open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Lsn } from "../lsn.ts";
import type { Relation, RowChange, Tuple } from "./pgoutput.ts";
import type { Transaction } from "./table-changes.ts";

/** Characters of a block, which is read as a whole. */
const blockLength = 1024 * 1024;

/** JSON has no undefined. */
const leftOut = 0;
type StoredTuple = (string | null | typeof leftOut)[];
type StoredChange = [lsn: string, op: RowChange["op"], relation: number, whole: boolean, old: StoredTuple | null, row: StoredTuple | null];

const store = (tuple: Tuple): StoredTuple => tuple.map((value) => (value === undefined ? leftOut : value));
const restore = (stored: StoredTuple): Tuple => stored.map((value) => (value === leftOut ? undefined : value));

/** Changes of one table in a file, in the order in which they came: as many as come, and none of them in memory. */
export interface KeptChanges {
  add(change: RowChange, transaction: Transaction): void;
  /** Puts on the disk what was added. */
  flush(): Promise<void>;
  /** Those of transactions that committed at `from` or later, of which nothing but the position is known any more. To be called after `flush`. */
  read(from: Lsn): AsyncGenerator<[RowChange, Transaction]>;
  /** Removes the file. */
  remove(): Promise<void>;
}

export function keepChanges(file: string): KeptChanges {
  const relations: Relation[] = [];
  const blockBytes: number[] = [];
  let waiting: Buffer[] = [];
  let lines: string[] = [];
  let length = 0;
  let handle: FileHandle | undefined;

  function endBlock(): void {
    if (lines.length === 0) return;
    waiting.push(Buffer.from(`[${lines.join(",")}]`));
    lines = [];
    length = 0;
  }
  function numberOf(relation: Relation): number {
    const known = relations.lastIndexOf(relation);
    return known >= 0 ? known : relations.push(relation) - 1;
  }
  function changeOf([, op, number, whole, old, row]: StoredChange): RowChange {
    const relation = relations[number]!;
    switch (op) {
      case "insert":
        return { op, relation, row: restore(row!) };
      case "update":
        return { op, relation, old: old && restore(old), whole, row: restore(row!) };
      case "delete":
        return { op, relation, old: restore(old!), whole };
      case "truncate":
        return { op, relation };
    }
  }

  return {
    add(change, { commitLsn }) {
      const whole = "whole" in change && change.whole;
      const old = "old" in change && change.old ? store(change.old) : null;
      const row = "row" in change ? store(change.row) : null;
      const stored: StoredChange = [String(commitLsn), change.op, numberOf(change.relation), whole, old, row];
      const line = JSON.stringify(stored);
      lines.push(line);
      length += line.length;
      if (length > blockLength) endBlock();
    },
    async flush() {
      endBlock();
      const blocks = waiting;
      waiting = [];
      for (const block of blocks) {
        handle ??= await open(file, "w+");
        await handle.writeFile(block);
        blockBytes.push(block.length);
      }
    },
    async *read(from) {
      let at = 0;
      for (const bytes of blockBytes) {
        const { buffer, bytesRead } = await handle!.read(Buffer.alloc(bytes), 0, bytes, at);
        if (bytesRead < bytes) throw new Error(`${file}: ${bytesRead} of ${bytes} bytes are there`);
        at += bytes;
        for (const stored of JSON.parse(buffer.toString()) as StoredChange[]) {
          const commitLsn = BigInt(stored[0]);
          if (commitLsn >= from) yield [changeOf(stored), { commitLsn, commitAt: 0n, actor: null, sequence: 0 }];
        }
      }
    },
    async remove() {
      const opened = handle;
      handle = undefined;
      await opened?.close();
      await rm(file, { force: true });
    },
  };
}
