import type { Relation, RowChange, Tuple } from "./pgoutput.ts";
import { TableFault } from "./problems.ts";
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
  seq: number;
}

/** A row with values that the change left out; they are those of the mirrored row with key `base`. */
export interface RowWithHoles {
  row: StagedRow;
  base: string[];
}

/** A row of a table without a key, and how many more (or fewer) of it there are after the batch. */
export interface RowCount {
  values: Tuple;
  more: number;
}

/** The changes of one table in one batch. Pure: nothing here reads or writes. */
export interface TableChanges {
  readonly table: SourceTable;
  readonly rows: StagedRow[];
  /** The mirrored rows are gone before `rows` that follow the last truncation. */
  readonly truncated: boolean;
  /** Some key of `rows` may be mirrored already. */
  readonly touchesMirrored: boolean;
  readonly holes: readonly RowWithHoles[];
  /** Of a table without a key: what became of rows that are alike, since the last truncation. Null where rows have a key; `last` tells there. */
  readonly counts: readonly RowCount[] | null;
  add(change: RowChange, transaction: Transaction): void;
}

/** Text can't hold NUL, so keys can't collide. */
const keyText = (key: readonly string[]): string => (key.length === 1 ? key[0]! : key.join("\0"));

/** How a table's rows lie in the tuples of a change, whose relation may be of another time than the table's definition. */
function arranging(table: SourceTable): (relation: Relation, tuple: Tuple) => Tuple {
  const positions = new WeakMap<Relation, Int32Array | null>();
  /** For each of the table's columns its place in the relation as the change saw it, -1 where it had none; null when all are in their places. */
  const positionsIn = (relation: Relation): Int32Array | null => {
    let found = positions.get(relation);
    if (found === undefined) {
      found = Int32Array.from(table.columns, ({ name }) => relation.columns.findIndex((column) => column.name === name));
      if (found.length === relation.columns.length && found.every((place, index) => place === index)) found = null;
      positions.set(relation, found);
    }
    return found;
  };
  return (relation, tuple) => {
    const places = positionsIn(relation);
    if (places === null) return tuple;
    const values: Tuple = [];
    for (const place of places) values.push(place < 0 ? null : tuple[place]);
    return values;
  };
}

function staging(rows: StagedRow[]) {
  return (op: StagedRow["op"], values: Tuple, last: boolean, transaction: Transaction): StagedRow => {
    transaction.sequence += 1;
    const { commitLsn: lsn, commitAt: at, actor, sequence } = transaction;
    const row: StagedRow = { op, values, last, lsn, at, actor, seq: sequence };
    rows.push(row);
    return row;
  };
}

const nothing = (table: SourceTable): Tuple => table.columns.map(() => null);

/** Folds to the last version of each key, or, in a table without a key, to how many rows of a kind came and went. */
export const foldTableChanges = (table: SourceTable): TableChanges => (table.key.length > 0 ? foldByKey(table) : foldByRow(table));

function foldByRow(table: SourceTable): TableChanges {
  const rows: StagedRow[] = [];
  const counts = new Map<string, RowCount>();
  const arrange = arranging(table);
  const stage = staging(rows);
  let truncated = false;

  const count = (values: Tuple, more: number): void => {
    if (values.includes(undefined))
      throw new TableFault(table.name, `a change of table "${table.name}", which has no key, came without its whole row`);
    const text = values.map((value) => (value === null ? "-" : `+${value}`)).join("\0");
    const known = counts.get(text);
    if (known) known.more += more;
    else counts.set(text, { values, more });
  };
  const leave = ({ relation, old, whole }: Extract<RowChange, { op: "update" | "delete" }>): Tuple => {
    if (old === null || !whole) {
      throw new TableFault(table.name, `a change of table "${table.name}", which has no key, came without the row before`);
    }
    const values = arrange(relation, old);
    count(values, -1);
    return values;
  };
  return {
    table,
    rows,
    touchesMirrored: true,
    holes: [],
    get truncated() {
      return truncated;
    },
    get counts() {
      return [...counts.values()].filter(({ more }) => more !== 0);
    },
    add(change, transaction) {
      switch (change.op) {
        case "insert": {
          const values = arrange(change.relation, change.row);
          count(values, 1);
          stage("insert", values, false, transaction);
          return;
        }
        case "update": {
          // Without a key the row before is told apart from others only by all of it, so it is logged as a deletion of its own.
          stage("delete", leave(change), false, transaction);
          const values = arrange(change.relation, change.row);
          count(values, 1);
          stage("update", values, false, transaction);
          return;
        }
        case "delete":
          stage("delete", leave(change), false, transaction);
          return;
        case "truncate":
          counts.clear();
          truncated = true;
          stage("truncate", nothing(table), false, transaction);
      }
    },
  };
}

function foldByKey(table: SourceTable): TableChanges {
  const keyAt = table.key.map((name) => table.columns.findIndex((column) => column.name === name));
  const rows: StagedRow[] = [];
  const current = new Map<string, StagedRow>();
  const holes = new Map<StagedRow, string[]>();
  const arrange = arranging(table);
  const stage = staging(rows);
  let truncated = false;
  let touchesMirrored = false;

  const keyOf = (values: Tuple): string[] =>
    keyAt.map((index) => {
      const value = values[index];
      if (typeof value !== "string")
        throw new TableFault(table.name, `a change of table "${table.name}" came without its key column "${table.columns[index]?.name}"`);
      return value;
    });
  const supersede = (key: string): StagedRow | undefined => {
    const previous = current.get(key);
    if (previous) previous.last = false;
    return previous;
  };
  const remove = (key: string[], transaction: Transaction): StagedRow | undefined => {
    touchesMirrored = true;
    const values = nothing(table);
    for (const [part, index] of keyAt.entries()) values[index] = key[part];
    const text = keyText(key);
    const previous = supersede(text);
    current.set(text, stage("delete", values, false, transaction));
    return previous;
  };

  function update(relation: Relation, old: Tuple | null, tuple: Tuple, transaction: Transaction): void {
    touchesMirrored = true;
    const values = arrange(relation, tuple);
    // A key that is stored out of line and did not change is only in the old row.
    const oldValues = old ? arrange(relation, old) : values;
    for (const index of keyAt) values[index] ??= oldValues[index];
    const key = keyText(keyOf(values));
    const oldKey = old ? keyOf(oldValues) : null;
    const moved = oldKey !== null && keyText(oldKey) !== key;
    const previous = moved ? remove(oldKey, transaction) : current.get(key);
    supersede(key);
    const row = stage("update", values, true, transaction);
    current.set(key, row);
    if (!values.includes(undefined)) return;
    if (previous)
      for (let index = 0; index < values.length; index++) if (values[index] === undefined) values[index] = previous.values[index];
    if (values.includes(undefined)) holes.set(row, (previous && holes.get(previous)) ?? oldKey ?? keyOf(values));
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
    counts: null,
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
          stage("truncate", nothing(table), false, transaction);
      }
    },
  };
}
