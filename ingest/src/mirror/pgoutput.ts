/**
 * Reads the messages of Postgres's output plugin `pgoutput`, protocol version 1.
 * Values stay Postgres's text, by position: nothing is parsed to JavaScript numbers or dates, which lose digits.
 * https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */

/** A column's text, null, or undefined for a large value that the change left as it was. */
export type Text = string | null | undefined;
export type Tuple = Text[];

export interface Relation {
  oid: number;
  schema: string;
  name: string;
  columns: { name: string; typeOid: number; typeMod: number }[];
}

/** `old` is the row before (`whole`: replica identity full) or its identifying columns, the rest null; absent when the key did not change. */
export type RowChange =
  | { op: "insert"; relation: Relation; row: Tuple }
  | { op: "update"; relation: Relation; old: Tuple | null; whole: boolean; row: Tuple }
  | { op: "delete"; relation: Relation; old: Tuple; whole: boolean }
  | { op: "truncate"; relation: Relation };

export type Message =
  | { tag: "begin"; commitLsn: bigint; /** Microseconds since 1970. */ commitAt: bigint }
  | { tag: "commit"; endLsn: bigint }
  | { tag: "changes"; changes: RowChange[] }
  | { tag: "message"; transactional: boolean; prefix: string; content: string }
  | { tag: "relation"; relation: Relation }
  | { tag: "other" };

/** Postgres counts from 2000-01-01. */
const postgresEpochMicros = 946_684_800_000_000n;

export const fromPostgresTime = (micros: bigint): bigint => micros + postgresEpochMicros;

/** A decoder for one connection: it remembers the relations that the server has described. */
export function createDecoder(): (bytes: Buffer) => Message {
  const relations = new Map<number, Relation>();
  let bytes: Buffer;
  let at = 0;

  const uint32 = (): number => {
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const uint64 = (): bigint => {
    at += 8;
    return bytes.readBigUInt64BE(at - 8);
  };
  const int64 = (): bigint => {
    at += 8;
    return bytes.readBigInt64BE(at - 8);
  };
  const text = (): string => {
    const end = bytes.indexOf(0, at);
    const value = bytes.toString("utf8", at, end);
    at = end + 1;
    return value;
  };
  const known = (): Relation => {
    const oid = uint32();
    const relation = relations.get(oid);
    if (!relation) throw new Error(`the server sent a row of relation ${oid} before describing it`);
    return relation;
  };

  function relation(): Relation {
    const oid = uint32();
    const schema = text();
    const name = text();
    at += 1; // replica identity: the catalog tells more
    const count = bytes.readUInt16BE(at);
    at += 2;
    const columns = Array.from({ length: count }, () => {
      at += 1; // flags
      const column = text();
      const typeOid = uint32();
      const typeMod = bytes.readInt32BE(at);
      at += 4;
      return { name: column, typeOid, typeMod };
    });
    const described = { oid, schema, name, columns };
    relations.set(oid, described);
    return described;
  }

  function tuple(): Tuple {
    const count = bytes.readUInt16BE(at);
    at += 2;
    const values: Tuple = [];
    for (let index = 0; index < count; index++) {
      const kind = bytes[at++];
      if (kind === 0x74 /* t */) {
        const length = bytes.readUInt32BE(at);
        at += 4;
        values.push(bytes.toString("utf8", at, at + length));
        at += length;
      } else if (kind === 0x6e /* n */) {
        values.push(null);
      } else if (kind === 0x75 /* u */) {
        values.push(undefined);
      } else {
        throw new Error(`the server sent a value of unknown kind ${kind}`);
      }
    }
    return values;
  }

  function update(): RowChange {
    const table = known();
    const kind = bytes[at++];
    if (kind === 0x4e /* N */) return { op: "update", relation: table, old: null, whole: false, row: tuple() };
    const old = tuple();
    at += 1; // N
    const row = tuple();
    // Under replica identity full the old row holds what the new one leaves out.
    const whole = kind === 0x4f; // O
    if (whole) for (const [index, value] of row.entries()) if (value === undefined) row[index] = old[index];
    return { op: "update", relation: table, old, whole, row };
  }

  function truncate(): RowChange[] {
    const count = uint32();
    at += 1; // cascade, restart identity
    return Array.from({ length: count }, () => ({ op: "truncate", relation: known() }));
  }

  return (message) => {
    bytes = message;
    at = 1;
    switch (message[0]) {
      case 0x49 /* I */: {
        const table = known();
        at += 1; // N
        return { tag: "changes", changes: [{ op: "insert", relation: table, row: tuple() }] };
      }
      case 0x55 /* U */:
        return { tag: "changes", changes: [update()] };
      case 0x44 /* D */: {
        const table = known();
        const whole = bytes[at++] === 0x4f; // O, else K
        return { tag: "changes", changes: [{ op: "delete", relation: table, old: tuple(), whole }] };
      }
      case 0x54 /* T */:
        return { tag: "changes", changes: truncate() };
      case 0x42 /* B */:
        return { tag: "begin", commitLsn: uint64(), commitAt: fromPostgresTime(int64()) };
      case 0x43 /* C */:
        at += 9; // flags, commit LSN
        return { tag: "commit", endLsn: uint64() };
      case 0x52 /* R */:
        return { tag: "relation", relation: relation() };
      case 0x4d /* M */: {
        const transactional = (bytes[at++]! & 1) === 1;
        at += 8; // its LSN
        const prefix = text();
        const length = uint32();
        return { tag: "message", transactional, prefix, content: bytes.toString("utf8", at, at + length) };
      }
      default:
        return { tag: "other" };
    }
  };
}
