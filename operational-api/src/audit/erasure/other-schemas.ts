import { type ClientBase, escapeIdentifier } from "pg";
import type { ErasedPlace } from "./erase-person.ts";
import { erasedMark } from "./personal-columns.ts";

export interface TextColumn {
  schema: string;
  table: string;
  column: string;
  isJson: boolean;
}

/** Every column of tables in these schemas that can hold a text. */
export async function textColumns(client: ClientBase, schemas: readonly string[]): Promise<TextColumn[]> {
  const { rows } = await client.query<TextColumn>(
    `select columns.table_schema as schema, columns.table_name as table, column_name as column, data_type in ('jsonb', 'json') as "isJson"
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where columns.table_schema = any ($1) and table_type = 'BASE TABLE' and is_generated = 'NEVER'
       and (data_type in ('text', 'character varying', 'character', 'jsonb', 'json', 'ARRAY') or udt_name = 'citext')
     order by 1, 2, 3`,
    [schemas],
  );
  return rows;
}

const tableNameOf = ({ schema, table }: Pick<TextColumn, "schema" | "table">): string =>
  `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`;

/** Replaces the texts wherever they stand in columns of these schemas. */
export async function replaceIn(client: ClientBase, schemas: readonly string[], texts: readonly string[]): Promise<ErasedPlace[]> {
  const places: ErasedPlace[] = [];
  for (const place of await textColumns(client, schemas)) {
    const column = escapeIdentifier(place.column);
    const { rows } = await client.query<{ type: string }>(
      "select format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = $1::regclass and attname = $2",
      [tableNameOf(place), place.column],
    );
    let count = 0;
    for (const text of texts) {
      const spelled = place.isJson ? JSON.stringify(text).slice(1, -1) : text;
      const { rowCount } = await client.query(
        `update ${tableNameOf(place)} set ${column} = replace(${column}::text, $1, $2)::${rows[0]?.type ?? "text"} where strpos(${column}::text, $1) > 0`,
        [spelled, erasedMark],
      );
      count += rowCount ?? 0;
    }
    if (count > 0) places.push({ place: `${place.schema}.${place.table}.${place.column}`, count });
  }
  return places;
}

/** Empties the accounts of an employee: nobody signs in with them any more, and they name nobody. */
export async function eraseAccounts(client: ClientBase, employeeId: string): Promise<ErasedPlace[]> {
  const users = await client.query<{ id: string }>("select user_id::text as id from auth.holders where employee_id = $1", [employeeId]);
  const ids = users.rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  const places: ErasedPlace[] = [];
  const { rows } = await client.query<{ table: string; column: string }>(
    `select table_name as table, column_name as column from information_schema.columns
     where table_schema = 'auth' and column_name in ('userId', 'user_id', 'referenceId') and table_name not in ('user', 'holders')`,
  );
  for (const { table, column } of rows) {
    const { rowCount } = await client.query(
      `delete from auth.${escapeIdentifier(table)} where ${escapeIdentifier(column)}::text = any ($1)`,
      [ids],
    );
    if (rowCount) places.push({ place: `auth.${table}`, count: rowCount });
  }
  await client.query("update auth.holders set active = false where user_id::text = any ($1)", [ids]);
  const { rowCount } = await client.query(
    `update auth."user" set name = $2, email = 'erased-' || id || '@erased.invalid', image = null where id::text = any ($1)`,
    [ids, erasedMark],
  );
  return [...places, { place: "auth.user", count: rowCount ?? 0 }];
}

/** Where in these schemas a text still stands. */
export async function findIn(client: ClientBase, schemas: readonly string[], texts: readonly string[]): Promise<ErasedPlace[]> {
  const places: ErasedPlace[] = [];
  for (const place of await textColumns(client, schemas)) {
    const spelled = place.isJson ? texts.map((text) => JSON.stringify(text).slice(1, -1)) : texts;
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int as count from ${tableNameOf(place)} where exists (
         select from unnest($1::text[]) as text where strpos(${escapeIdentifier(place.column)}::text, text) > 0)`,
      [spelled],
    );
    if (rows[0]?.count) places.push({ place: `${place.schema}.${place.table}.${place.column}`, count: rows[0].count });
  }
  return places;
}
