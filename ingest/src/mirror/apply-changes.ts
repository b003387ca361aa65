import { BIGINT, BOOLEAN, DuckDBDataChunk, DuckDBTimestampTZValue, TIMESTAMPTZ, UBIGINT, VARCHAR } from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { sqlName } from "../warehouse.ts";
import { fromText, outOfLineText } from "./column-types.ts";
import { changeColumns, changesName, columnList, rawName } from "./mirror-store.ts";
import type { SourceTable } from "./source-catalog.ts";
import type { StagedRow, TableChanges } from "./table-changes.ts";

const chunkRows = 2048;

/** Appends rows to a temporary table in whole chunks, the fastest way into DuckDB from here. `valuesAt` gives one column of rows [from, to). */
async function appendChunks(
  connection: DuckDBConnection,
  target: { table: string; types: DuckDBType[]; count: number },
  valuesAt: (column: number, from: number, to: number) => DuckDBValue[],
): Promise<void> {
  const appender = await connection.createAppender(target.table, "main", "temp");
  try {
    for (let from = 0; from < target.count; from += chunkRows) {
      const to = Math.min(from + chunkRows, target.count);
      const chunk = DuckDBDataChunk.create(target.types, to - from);
      for (let column = 0; column < target.types.length; column++) chunk.setColumnValues(column, valuesAt(column, from, to));
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}

const stagedMeta: { type: DuckDBType; of: (row: StagedRow) => DuckDBValue }[] = [
  { type: VARCHAR, of: (row) => row.op },
  { type: UBIGINT, of: (row) => row.lsn },
  { type: TIMESTAMPTZ, of: (row) => new DuckDBTimestampTZValue(row.at) },
  { type: VARCHAR, of: (row) => row.actor },
  { type: BIGINT, of: (row) => row.seq },
  { type: BOOLEAN, of: (row) => row.last },
];

/** Puts the rows as they came, in text, into the temporary table `staged`: values as c0, c1, ..., then the change columns, then `_last`. */
async function stageRows(connection: DuckDBConnection, { table, rows }: TableChanges): Promise<void> {
  const width = table.columns.length;
  const declared = table.columns.map((_column, index) => `c${index} varchar`);
  const meta = changeColumns.map(([name, type]) => `${name} ${type}`);
  await connection.run(`create or replace temp table staged (${[...declared, ...meta, "_last boolean"].join(", ")})`);
  const types = [...table.columns.map(() => VARCHAR as DuckDBType), ...stagedMeta.map(({ type }) => type)];
  await appendChunks(connection, { table: "staged", types, count: rows.length }, (column, from, to) => {
    const values: DuckDBValue[] = [];
    const meta = stagedMeta[column - width];
    for (let index = from; index < to; index++) values.push(meta ? meta.of(rows[index]!) : (rows[index]!.values[column] ?? null));
    return values;
  });
}

const typedKey = (table: SourceTable, source: string): { name: string; value: string }[] =>
  table.key.map((name) => {
    const index = table.columns.findIndex((column) => column.name === name);
    return { name: sqlName(name), value: fromText(table.columns[index]!.type, `${source}.c${index}`) };
  });

/** Reads from the mirrored rows what updates left out because it is stored out of line and did not change. */
async function fillHoles(connection: DuckDBConnection, { table, holes }: TableChanges): Promise<void> {
  if (holes.length === 0) return;
  const keyAt = table.key.map((name) => table.columns.findIndex((column) => column.name === name));
  const wanted = table.columns.map((_column, index) => index).filter((index) => holes.some(({ row }) => row.values[index] === undefined));
  const declared = ["place bigint", ...keyAt.map((index) => `c${index} varchar`)];
  await connection.run(`create or replace temp table bases (${declared.join(", ")})`);
  const types: DuckDBType[] = [BIGINT, ...keyAt.map(() => VARCHAR)];
  await appendChunks(connection, { table: "bases", types, count: holes.length }, (column, from, to) =>
    holes.slice(from, to).map(({ base }, offset) => (column === 0 ? BigInt(from + offset) : base[column - 1]!)),
  );
  const texts = wanted.map((index) => outOfLineText(table.columns[index]!.type, `old.${sqlName(table.columns[index]!.name)}`));
  const matches = typedKey(table, "bases").map(({ name, value }) => `old.${name} = ${value}`);
  const found = await connection.runAndReadAll(
    `select bases.place, ${texts.join(", ")} from bases join ${rawName(table.name)} as old on ${matches.join(" and ")}`,
  );
  const seen = new Set<number>();
  for (const [place, ...values] of found.getRows()) {
    const hole = holes[Number(place)]!;
    seen.add(Number(place));
    for (const [order, index] of wanted.entries()) {
      if (hole.row.values[index] === undefined) hole.row.values[index] = values[order] as string | null;
    }
  }
  if (seen.size < holes.length) throw new Error(`table "${table.name}": an update of a row that is not mirrored`);
}

/**
 * Writes a batch of one table to `raw_changes` (every version) and `raw` (the last of each key), inside the caller's transaction.
 * Throws when a value does not fit its DuckDB type.
 */
export async function applyTableChanges(connection: DuckDBConnection, changes: TableChanges): Promise<void> {
  const { table, truncated, touchesMirrored } = changes;
  try {
    await fillHoles(connection, changes);
    await stageRows(connection, changes);
    const raw = rawName(table.name);
    const columns = columnList(table.columns.map(({ name }) => name));
    const log = changeColumns.map(([name]) => name).join(", ");
    const typed = table.columns.map(({ name, type }, index) => `${fromText(type, `staged.c${index}`)} as ${sqlName(name)}`).join(", ");
    await connection.run(`create or replace temp table typed as select ${typed}, ${log}, _last from staged`);
    if (truncated) {
      await connection.run(`delete from ${raw}`);
    } else if (touchesMirrored) {
      const matches = table.key.map((name) => `old.${sqlName(name)} = gone.${sqlName(name)}`).join(" and ");
      await connection.run(
        `delete from ${raw} as old using (select distinct ${columnList(table.key)} from typed) as gone where ${matches}`,
      );
    }
    await connection.run(`insert into ${raw} (${columns}) select ${columns} from typed where _last`);
    await connection.run(`insert into ${changesName(table.name)} (${columns}, ${log}) select ${columns}, ${log} from typed`);
  } catch (error) {
    throw new Error(`the changes of table "${table.name}" could not be applied`, { cause: error });
  }
}
