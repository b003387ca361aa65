import { setTimeout as delay } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { canonicalText } from "./mirror/column-types.ts";
import { createMirror } from "./mirror/mirror.ts";
import type { Mirror } from "./mirror/mirror.ts";
import { rawName, readSource, readTables } from "./mirror/mirror-store.ts";
import { problemOf } from "./mirror/problems.ts";
import type { MirrorProblem } from "./mirror/problems.ts";
import type { MirrorLogger } from "./mirror/session.ts";
import { readSourceTables } from "./mirror/source-catalog.ts";
import type { SourceTable } from "./mirror/source-catalog.ts";
import { standStill } from "./mirror/stand-still.ts";
import { sourceRows } from "./mirror/table-copy.ts";
import { withMirrorFile } from "./sync.ts";
import { sqlName } from "./warehouse.ts";
import type { Warehouse } from "./warehouse.ts";

export interface VerifiedTable {
  table: string;
  /** Rows in the source. */
  rows: number;
  mirroredRows: number;
  equal: boolean;
}

export interface Verification {
  /** The one position at which both sides were read. */
  lsn: string;
  tables: VerifiedTable[];
  /**
   * Keys of rows that are missing, too many or different, as text (columns of a composite key joined by a comma; of a table without a key the beginning of
   * the row); the first `mostKeys` of each table.
   */
  differs: { table: string; keys: string[] }[];
  /** What of the source is not mirrored, and so not compared. */
  problems: MirrorProblem[];
}

export type VerifyOptions = { source: string; schema: string; logger: MirrorLogger } & (
  | /** A file made by `syncOnce`. It is brought up to date first. */ { database: string }
  | /** A warehouse whose mirror is not running; it is brought up to date first. */ { warehouse: Warehouse }
  | /** A running mirror; it stands still while it is compared. */ { warehouse: Pick<Warehouse, "connect">; mirror: Mirror }
);

export const mostKeys = 100;

/** Postgres's and DuckDB's SQL over the same table, giving the same text for the same row. */
interface RowText {
  from: string;
  key: string;
  row: string;
  /** The key as people write it. */
  shown: string;
}

const shownLength = 200;

/** A value as its length and text, so that neighbours can't run into each other; null is different from the empty text. */
const delimited = (length: string, text: string): string => `coalesce(cast(${length}(${text}) as varchar) || ':' || ${text}, '-')`;

function rowText(table: SourceTable, engine: "postgres" | "duckdb", from: string): RowText {
  const text = (name: string): string => {
    const { type } = table.columns.find((column) => column.name === name)!;
    return canonicalText(type)[engine](sqlName(name));
  };
  const length = engine === "postgres" ? "octet_length" : "strlen";
  const joined = (names: readonly string[]): string => names.map((name) => delimited(length, `(${text(name)})`)).join(" || ");
  const row = joined(table.columns.map(({ name }) => name));
  if (table.key.length === 0) return { from, key: row, row, shown: `substr(${row}, 1, ${shownLength})` };
  return { from, key: joined(table.key), row, shown: table.key.map((name) => `cast(${sqlName(name)} as varchar)`).join(" || ',' || ") };
}

/** 60 bits of a digest, as a number. */
const hashed: Record<"postgres" | "duckdb", (text: string) => string> = {
  postgres: (text) => `('x' || substr(md5(${text}), 1, 15))::bit(60)::bigint`,
  duckdb: (text) => `cast('0x' || substr(md5(${text}), 1, 15) as bigint)`,
};

/** Rows fall into as many buckets by the digest of their key; only those whose sums differ are looked into. */
const bucketDigits = 3;

type Rows = (sql: string) => Promise<unknown[][]>;

const sumsSql = (engine: "postgres" | "duckdb", { from, key, row }: RowText): string =>
  `select substr(md5(key_text), 1, ${bucketDigits}) as bucket, cast(count(*) as varchar), cast(sum(${hashed[engine]("row_text")}) as varchar)
   from (select ${key} as key_text, ${row} as row_text from ${from}) as texts group by 1`;

/** Per key of the buckets: how it is shown, and a digest of its rows; of a table without a key, rows that are alike have one key. */
const rowsSql = ({ from, key, row, shown }: RowText, buckets: readonly string[]): string => {
  const list = buckets.map((bucket) => `'${bucket}'`).join(", ");
  return `select min(shown), md5(string_agg(digest, ',' order by digest)), key_text
   from (select ${shown} as shown, ${key} as key_text, md5(${row}) as digest from ${from}) as texts
   where substr(md5(key_text), 1, ${bucketDigits}) in (${list}) group by key_text`;
};

/** A numeric(p,s) can be NaN, a DECIMAL can't: the mirror has null there. Returns the columns in which that is so. */
async function notNumbers(table: SourceTable, postgres: Rows, schema: string): Promise<MirrorProblem[]> {
  const decimals = table.columns.filter(({ type }) => type.startsWith("DECIMAL"));
  if (decimals.length === 0) return [];
  const counts = decimals.map(({ name }) => `cast(count(*) filter (where ${sqlName(name)} = 'NaN') as varchar)`);
  const [found = []] = await postgres(`select ${counts.join(", ")} from ${sourceRows(schema, table)}`);
  return decimals.flatMap(({ name, type }, index) =>
    Number(found[index]) === 0
      ? []
      : [problemOf("not_a_number", { table: table.name, column: name }, { count: String(found[index]), type })],
  );
}

async function compareTable(
  table: SourceTable,
  postgres: Rows,
  duckdb: Rows,
  schema: string,
): Promise<{ verified: VerifiedTable; keys: string[] }> {
  const there = rowText(table, "postgres", sourceRows(schema, table));
  const here = rowText(table, "duckdb", rawName(table.name));
  const read = async (rows: Rows, sql: string) =>
    new Map((await rows(sql)).map(([bucket, count, sum]) => [String(bucket), { count: Number(count), sum: String(sum) }]));
  const [theirs, ours] = await Promise.all([read(postgres, sumsSql("postgres", there)), read(duckdb, sumsSql("duckdb", here))]);
  const total = (sums: typeof theirs): number => sums.values().reduce((all, { count }) => all + count, 0);
  const differing = [...new Set([...theirs.keys(), ...ours.keys()])].filter((bucket) => {
    const [one, other] = [theirs.get(bucket), ours.get(bucket)];
    return one?.count !== other?.count || one?.sum !== other?.sum;
  });
  const verified = { table: table.name, rows: total(theirs), mirroredRows: total(ours), equal: differing.length === 0 };
  const keys = new Set<string>();
  // A few buckets at a time: when everything differs, the first ones tell enough.
  for (let from = 0; from < differing.length && keys.size < mostKeys; from += 16) {
    const buckets = differing.slice(from, from + 16);
    const [one, other] = await Promise.all([postgres(rowsSql(there, buckets)), duckdb(rowsSql(here, buckets))]);
    const digests = new Map(one.map(([shown, digest, key]) => [String(key), { shown: String(shown), digest: String(digest) }]));
    for (const [shown, digest, key] of other) {
      const match = digests.get(String(key));
      if (match?.digest !== String(digest)) keys.add(String(shown));
      digests.delete(String(key));
    }
    for (const { shown } of digests.values()) keys.add(shown);
  }
  return { verified, keys: [...keys].slice(0, mostKeys) };
}

/** Whether the mirror's tables are those of the moment compared: a statement that altered one right before it may not have been followed yet. */
async function followsAll(connection: DuckDBConnection, there: readonly SourceTable[]): Promise<boolean> {
  const here = await readTables(connection);
  return (
    here.size === there.length &&
    there.every((table) => JSON.stringify(here.get(table.name)?.table) === JSON.stringify(table) && !here.get(table.name)?.needsCopy)
  );
}

const attempts = 3;
/** How long tables are waited for that others' transactions in the source keep from being read again. */
const patienceMs = 30_000;
const pollMs = 200;

async function compareAt(
  options: VerifyOptions,
  publication: string,
  mirror: Mirror,
  connect: Warehouse["connect"],
): Promise<Verification> {
  const { source, schema } = options;
  const patientUntil = performance.now() + patienceMs;
  let attempt = 0;
  for (;;) {
    await mirror.settle();
    while (mirror.condition().problems.some(({ code }) => code === "waiting") && performance.now() < patientUntil) {
      await delay(pollMs);
      await mirror.settle();
    }
    const still = await standStill(source, mirror);
    if (!still) {
      if (performance.now() < patientUntil) continue;
      throw new Error("the mirror had moved on each time that it was to stand still: compare when the source is less busy");
    }
    attempt += 1;
    let connection: DuckDBConnection | undefined;
    try {
      const { lsn, client } = still;
      const reader = (connection = await connect());
      const postgres: Rows = async (sql) => (await client.query<unknown[]>({ text: sql, rowMode: "array" })).rows;
      const duckdb: Rows = async (sql) => (await reader.runAndReadAll(sql)).getRows();
      const { tables, problems } = await readSourceTables(client, publication, schema);
      if (attempt < attempts && !(await followsAll(reader, tables))) continue;
      const result: Verification = { lsn, tables: [], differs: [], problems: [...problems] };
      for (const table of tables) {
        const { verified, keys } = await compareTable(table, postgres, duckdb, schema);
        result.tables.push(verified);
        if (!verified.equal) result.differs.push({ table: table.name, keys });
        result.problems.push(...(await notNumbers(table, postgres, schema)));
      }
      return result;
    } finally {
      connection?.closeSync();
      await still.end();
    }
  }
}

/**
 * Compares every mirrored table with Postgres at one position: row counts and order-independent checksums of a canonical text per type, then the rows of the
 * buckets whose sums differ. Nothing is changed on either side, except that a mirror that was not running is brought up to date.
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  if ("database" in options) {
    return withMirrorFile(options, (mirror, connect, publication) => compareAt(options, publication, mirror, connect));
  }
  const { warehouse } = options;
  const reader = await warehouse.connect();
  const known = await readSource(reader);
  reader.closeSync();
  if (!known) throw new Error("this warehouse has no mirror yet: start it, or sync, before comparing");
  if ("mirror" in options) return compareAt(options, known.publication, options.mirror, warehouse.connect);
  const { schema, publication, slot } = known;
  const mirror = createMirror({
    schema,
    publication,
    slot,
    sourceUrl: options.source,
    warehouse: options.warehouse,
    logger: options.logger,
  });
  await mirror.start();
  try {
    return await compareAt(options, known.publication, mirror, warehouse.connect);
  } finally {
    await mirror.stop();
  }
}
