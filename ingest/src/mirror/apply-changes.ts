import { BIGINT, DuckDBDataChunk, VARCHAR } from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { sqlName } from "../warehouse.ts";
import { changeFileTypes, writeChangeFile } from "./change-file.ts";
import { fromText, outOfLineText, sameValue } from "./column-types.ts";
import { changesName, columnList, rawName } from "./mirror-store.ts";
import { aboutTable, TableFault } from "./problems.ts";
import { changeColumns } from "./source-catalog.ts";
import type { SourceTable } from "./source-catalog.ts";
import type { RowCount, TableChanges } from "./table-changes.ts";
import { readRows } from "./row-files.ts";
import { removeParts } from "./table-download.ts";

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

/** Puts the rows, typed, into the temporary table `typed`: the table's columns, then the change columns, then `_last`. */
async function stageRows(connection: DuckDBConnection, changes: TableChanges, dir: string): Promise<void> {
  const { columns } = changes.table;
  const part = await writeChangeFile(dir, changes);
  try {
    const types = [...columns.map(() => "VARCHAR"), ...changeFileTypes];
    const typed = columns.map(({ name, type }, index) => `${fromText(type, `c${index}`)} as ${sqlName(name)}`);
    const place = (offset: number): string => `c${columns.length + offset}`;
    const log = changeColumns.map(
      ([name], index) => `${name === "_commit_at" ? `make_timestamptz(${place(index)})` : place(index)} as ${name}`,
    );
    const selected = [...typed, ...log, `${place(changeColumns.length)} as _last`].join(", ");
    await connection.run(`create or replace temp table typed as select ${selected} from ${readRows(part, types)}`);
  } finally {
    await removeParts([part]);
  }
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
  if (seen.size < holes.length) throw new TableFault(table.name, `table "${table.name}": an update of a row that is not mirrored`);
}

/** Puts the counts of a table without a key, typed, into the temporary table `net`: the columns, then `more`. */
async function stageCounts(connection: DuckDBConnection, table: SourceTable, counts: readonly RowCount[]): Promise<void> {
  const declared = table.columns.map((_column, index) => `c${index} varchar`);
  await connection.run(`create or replace temp table counted (${[...declared, "more bigint"].join(", ")})`);
  const types = [...table.columns.map(() => VARCHAR as DuckDBType), BIGINT];
  await appendChunks(connection, { table: "counted", types, count: counts.length }, (column, from, to) =>
    counts.slice(from, to).map(({ values, more }) => (column === table.columns.length ? BigInt(more) : (values[column] ?? null))),
  );
  const typed = table.columns.map(({ name, type }, index) => `${fromText(type, `c${index}`)} as ${sqlName(name)}`);
  await netOf(connection, table, `select ${typed.join(", ")}, more from counted`);
}

/** Sums up rows that are alike, of a query that gives a table's columns and `more`, into the temporary table `net`. */
export async function netOf(connection: DuckDBConnection, { columns }: SourceTable, query: string): Promise<void> {
  const alike = columns.map(({ name, type }) =>
    type === "FLOAT" || type === "DOUBLE" ? `cast(${sqlName(name)} as varchar)` : sqlName(name),
  );
  const one = columns.map(({ name }) => `first(${sqlName(name)}) as ${sqlName(name)}`);
  await connection.run(
    `create or replace temp table net as select ${one.join(", ")}, cast(sum(more) as bigint) as more from (${query}) as counted
     group by ${alike.join(", ")} having sum(more) <> 0`,
  );
}

/** Adds and removes as many rows of each kind as `net` says, in `raw` of a table without a key. */
export async function applyNet(connection: DuckDBConnection, table: SourceTable): Promise<void> {
  const raw = rawName(table.name);
  const columns = columnList(table.columns.map(({ name }) => name));
  const alike = table.columns.map(({ name, type }) => sameValue(type, `old.${sqlName(name)}`, `net.${sqlName(name)}`)).join(" and ");
  const listed = table.columns.map(({ name }) => `net.${sqlName(name)}`).join(", ");
  await connection.run(
    `create or replace temp table remaining as
     select ${listed}, more + (select count(*) from ${raw} as old where ${alike}) as times from net where more < 0`,
  );
  const missing = await connection.runAndReadAll("select count(*)::int from remaining where times < 0");
  if (Number(missing.getRows()[0]?.[0]) > 0) {
    throw new TableFault(table.name, `table "${table.name}": a deletion of a row that is not mirrored`);
  }
  await connection.run(`delete from ${raw} as old using (from net where more < 0) as net where ${alike}`);
  await connection.run(`insert into ${raw} (${columns}) select ${columns} from remaining, range(times)`);
  await connection.run(`insert into ${raw} (${columns}) select ${columns} from net, range(more) where more > 0`);
}

/**
 * Writes a batch of one table to `raw_changes` (every version) and `raw` (the last of each key), inside the caller's transaction, by way of a file in `dir`.
 * Throws a `TableFault` when a value does not fit its DuckDB type, or a change tells of a row that is not mirrored.
 */
export async function applyTableChanges(connection: DuckDBConnection, changes: TableChanges, dir: string): Promise<void> {
  const { table, truncated, touchesMirrored, counts } = changes;
  await aboutTable(table.name, "changed", async () => {
    await fillHoles(connection, changes);
    await stageRows(connection, changes, dir);
    const raw = rawName(table.name);
    const columns = columnList(table.columns.map(({ name }) => name));
    const log = changeColumns.map(([name]) => name).join(", ");
    if (truncated) {
      await connection.run(`delete from ${raw}`);
    } else if (touchesMirrored && counts === null) {
      const matches = table.key.map((name) => `old.${sqlName(name)} = gone.${sqlName(name)}`).join(" and ");
      await connection.run(
        `delete from ${raw} as old using (select distinct ${columnList(table.key)} from typed) as gone where ${matches}`,
      );
    }
    if (counts !== null) {
      await stageCounts(connection, table, counts);
      await applyNet(connection, table);
    }
    await connection.run(`insert into ${raw} (${columns}) select ${columns} from typed where _last`);
    await connection.run(`insert into ${changesName(table.name)} (${columns}, ${log}) select ${columns}, ${log} from typed`);
  });
}
