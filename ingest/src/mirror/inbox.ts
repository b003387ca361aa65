import type { Lsn } from "../lsn.ts";
import { createDecoder } from "./pgoutput.ts";
import type { Relation, RowChange } from "./pgoutput.ts";
import type { Transaction } from "./table-changes.ts";

/** A transaction, or the part of it that has come so far. */
export interface Received {
  transaction: Transaction;
  changes: RowChange[];
  /** As counted by `rowCount`. */
  count: number;
}

export interface Batch {
  parts: Received[];
  /** Everything that committed before this is in this batch or an earlier one. */
  through: Lsn;
}

/** What has been received and not yet applied, as whole transactions. */
export interface Inbox {
  message(bytes: Buffer): void;
  keepalive(lsn: Lsn): void;
  /** Rows waiting, those of an unfinished transaction included. A row of more than `usualRowBytes` counts as several: what waits is in memory. */
  readonly rowCount: number;
  /** Everything that committed before this has been received. */
  readonly received: Lsn;
  /** Relations described since the last call. */
  takeRelations(): Relation[];
  /** Whether all transactions before `lsn` have been received. */
  hasAllBefore(lsn: Lsn): boolean;
  /** The whole transactions that wait; with `before` only those that committed before it. */
  takeWhole(before?: Lsn): Batch;
  /** What has come of the one transaction that is still being received, when nothing whole waits before it; with `before` only if it committed before it. */
  takePart(before?: Lsn): Received | null;
}

/** Prefix of the transactional message that names who writes. */
const actorPrefix = "kehu.actor";

/** As they come on the connection. */
export const usualRowBytes = 1_024;

/** `wake` is called when something can be applied. */
export function createInbox(from: Lsn, wake: () => void): Inbox {
  const decode = createDecoder();
  const whole: Received[] = [];
  let open: Received | null = null;
  let relations: Relation[] = [];
  let rowCount = 0;
  let received = from;

  const advance = (lsn: Lsn): void => {
    if (lsn > received) received = lsn;
    wake();
  };
  const current = (): Received => {
    if (!open) throw new Error("the server sent a change outside a transaction");
    return open;
  };

  return {
    message(bytes) {
      const message = decode(bytes);
      switch (message.tag) {
        case "begin":
          open = {
            transaction: { commitLsn: message.commitLsn, commitAt: message.commitAt, actor: null, sequence: 0 },
            changes: [],
            count: 0,
          };
          return;
        case "changes": {
          const count = Math.max(message.changes.length, Math.ceil(bytes.length / usualRowBytes));
          current().changes.push(...message.changes);
          current().count += count;
          rowCount += count;
          return;
        }
        case "relation":
          relations.push(message.relation);
          return;
        case "message":
          if (message.transactional && message.prefix === actorPrefix) current().transaction.actor = message.content;
          return;
        case "commit":
          whole.push(current());
          open = null;
          advance(message.endLsn);
      }
    },
    keepalive(lsn) {
      if (!open && lsn > received) advance(lsn);
    },
    get rowCount() {
      return rowCount;
    },
    get received() {
      return received;
    },
    takeRelations() {
      const taken = relations;
      relations = [];
      return taken;
    },
    hasAllBefore: (lsn) => received >= lsn || (open !== null && open.transaction.commitLsn >= lsn),
    takeWhole(before) {
      const later = before === undefined ? -1 : whole.findIndex(({ transaction }) => transaction.commitLsn >= before);
      const parts = whole.splice(0, later < 0 ? whole.length : later);
      for (const { count } of parts) rowCount -= count;
      return { parts, through: before !== undefined && before < received ? before : received };
    },
    takePart(before) {
      if (!open || whole.length > 0 || (before !== undefined && open.transaction.commitLsn >= before)) return null;
      const part = open;
      open = { transaction: part.transaction, changes: [], count: 0 };
      rowCount -= part.count;
      return part;
    },
  };
}
