import type { Relation, RowChange, Tuple } from "./pgoutput.ts";
import type { SourceTable } from "./source-catalog.ts";

/** What is known of a source's transaction besides its changes. */
export interface Transaction {
  /** Start of the commit record: what `_lsn` says, and what a snapshot's position is compared with. */
  commitLsn: bigint;
  /** Microseconds since 1970. */
  commitAt: bigint;
  actor: string | null;
  /** How many change rows it has been given so far; a large transaction is applied in parts. */
  sequence: number;
}

export interface StagedRow {
  op: "insert" | "update" | "delete" | "truncate";
  /** By position of the table's columns. */
  values: Tuple;
  /** The row is its key's state at the end of the batch. */
  last: boolean;
  lsn: bigint;
  at: bigint;
  actor: string | null;
  seq: bigint;
}

/** A row with values that the change left out; they are those of the mirrored row with key `base`. */
export interface RowWithHoles {
  row: StagedRow;
  base: string[];
}

/** The changes of one table in one batch, folded to the last version of each key. Pure: nothing here reads or writes. */
export interface TableChanges {
  readonly table: SourceTable;
  readonly rows: StagedRow[];
  /** The mirrored rows are gone before `rows` that follow the last truncation. */
  readonly truncated: boolean;
  /** Some key of `rows` may be mirrored already. */
  readonly touchesMirrored: boolean;
  readonly holes: readonly RowWithHoles[];
  add(change: RowChange, transaction: Transaction): void;
}

/** Text can't hold NUL, so keys can't collide. */
const keyText = (key: readonly string[]): string => key.join("\0");

export function foldTableChanges(table: SourceTable): TableChanges {
  const keyAt = table.key.map((name) => table.columns.findIndex((column) => column.name === name));
  const rows: StagedRow[] = [];
  const current = new Map<string, StagedRow>();
  const holes = new Map<StagedRow, string[]>();
  const positions = new WeakMap<Relation, Int32Array>();
  let truncated = false;
  let touchesMirrored = false;

  /** For each of the table's columns its place in the relation as the change saw it; -1 where it had none. */
  const positionsIn = (relation: Relation): Int32Array => {
    let found = positions.get(relation);
    if (!found) {
      found = Int32Array.from(table.columns, ({ name }) => relation.columns.findIndex((column) => column.name === name));
      positions.set(relation, found);
    }
    return found;
  };
  const arrange = (relation: Relation, tuple: Tuple): Tuple => {
    const from = positionsIn(relation);
    const values: Tuple = [];
    for (const place of from) values.push(place < 0 ? null : tuple[place]);
    return values;
  };
  const keyOf = (values: Tuple): string[] =>
    keyAt.map((index) => {
      const value = values[index];
      if (typeof value !== "string")
        throw new Error(`a change of table "${table.name}" came without its key column "${table.columns[index]?.name}"`);
      return value;
    });
  const stage = (op: StagedRow["op"], values: Tuple, last: boolean, transaction: Transaction): StagedRow => {
    transaction.sequence += 1;
    const { commitLsn: lsn, commitAt: at, actor, sequence } = transaction;
    const row: StagedRow = { op, values, last, lsn, at, actor, seq: BigInt(sequence) };
    rows.push(row);
    return row;
  };
  const supersede = (key: string): StagedRow | undefined => {
    const previous = current.get(key);
    if (previous) previous.last = false;
    return previous;
  };
  const remove = (key: string[], transaction: Transaction): StagedRow | undefined => {
    touchesMirrored = true;
    const values: Tuple = table.columns.map(() => null);
    for (const [part, index] of keyAt.entries()) values[index] = key[part];
    const previous = supersede(keyText(key));
    current.set(keyText(key), stage("delete", values, false, transaction));
    return previous;
  };

  function update(relation: Relation, old: Tuple | null, tuple: Tuple, transaction: Transaction): void {
    touchesMirrored = true;
    const values = arrange(relation, tuple);
    // A key that is stored out of line and did not change is only in the old row.
    const oldValues = old ? arrange(relation, old) : values;
    for (const index of keyAt) values[index] ??= oldValues[index];
    const key = keyOf(values);
    const oldKey = keyOf(oldValues);
    const moved = keyText(key) !== keyText(oldKey);
    const previous = moved ? remove(oldKey, transaction) : current.get(keyText(key));
    supersede(keyText(key));
    const row = stage("update", values, true, transaction);
    current.set(keyText(key), row);
    if (!values.includes(undefined)) return;
    if (previous)
      for (let index = 0; index < values.length; index++) if (values[index] === undefined) values[index] = previous.values[index];
    if (values.includes(undefined)) holes.set(row, (previous && holes.get(previous)) ?? oldKey);
  }

  return {
    table,
    rows,
    get truncated() {
      return truncated;
    },
    get touchesMirrored() {
      return touchesMirrored;
    },
    get holes() {
      return [...holes].map(([row, base]) => ({ row, base }));
    },
    add(change, transaction) {
      switch (change.op) {
        case "insert": {
          const values = arrange(change.relation, change.row);
          const key = keyText(keyOf(values));
          supersede(key);
          current.set(key, stage("insert", values, true, transaction));
          return;
        }
        case "update":
          return update(change.relation, change.old, change.row, transaction);
        case "delete":
          remove(keyOf(arrange(change.relation, change.old)), transaction);
          return;
        case "truncate":
          for (const row of current.values()) row.last = false;
          current.clear();
          truncated = true;
          stage(
            "truncate",
            table.columns.map(() => null),
            false,
            transaction,
          );
      }
    },
  };
}
