import type { ClientBase } from "pg";
import { duckType } from "./column-types.ts";

export interface SourceColumn {
  name: string;
  typeOid: number;
  typeMod: number;
  /** The type in DuckDB. */
  type: string;
}

/** A published table as it is now. */
export interface SourceTable {
  oid: number;
  name: string;
  columns: SourceColumn[];
  /** Names of the columns that identify a row: the primary key, or the index that the replica identity names. */
  key: string[];
}

interface CatalogRow {
  oid: number;
  name: string;
  key: string[];
  columns: { name: string; typeOid: number; typeMod: number; base: string; baseMod: number }[] | null;
}

const publishedTables = `
select
  cls.oid::int8::float8 as oid,
  cls.relname as name,
  coalesce((
    select json_agg(att.attname order by part.position)
    from pg_index as idx
    cross join unnest(idx.indkey::int2[]) with ordinality as part(attnum, position)
    join pg_attribute as att on att.attrelid = cls.oid and att.attnum = part.attnum
    where idx.indrelid = cls.oid and part.position <= idx.indnkeyatts
      and case when cls.relreplident = 'i' then idx.indisreplident else idx.indisprimary and cls.relreplident <> 'n' end
  ), '[]') as key,
  (
    select json_agg(json_build_object('name', att.attname, 'typeOid', att.atttypid::int8, 'typeMod', att.atttypmod,
      'base', base.typname, 'baseMod', base.mod) order by att.attnum)
    from pg_attribute as att
    cross join lateral (
      with recursive chain as (
        select typ.typname, typ.typtype, typ.typbasetype, typ.typtypmod, att.atttypmod as mod from pg_type as typ where typ.oid = att.atttypid
        union all
        select typ.typname, typ.typtype, typ.typbasetype, typ.typtypmod, chain.typtypmod
        from chain join pg_type as typ on typ.oid = chain.typbasetype where chain.typtype = 'd'
      )
      select typname, mod from chain where typtype <> 'd'
    ) as base
    where att.attrelid = cls.oid and att.attnum > 0 and not att.attisdropped and att.attname = any(pub.attnames)
  ) as columns
from pg_publication_tables as pub
join pg_namespace as nsp on nsp.nspname = pub.schemaname
join pg_class as cls on cls.relname = pub.tablename and cls.relnamespace = nsp.oid
where pub.pubname = $1 and pub.schemaname = $2
order by cls.relname`;

/** The published tables of a schema, by name. Tables without a key are among them, with an empty `key`. */
export async function readPublishedTables(client: ClientBase, publication: string, schema: string): Promise<SourceTable[]> {
  const { rows } = await client.query<CatalogRow>(publishedTables, [publication, schema]);
  return rows.map(({ oid, name, key, columns }) => ({
    oid,
    name,
    key,
    columns: (columns ?? []).map(({ base, baseMod, ...column }) => ({ ...column, type: duckType(base, baseMod) })),
  }));
}

/** What to say about tables that can't be mirrored because nothing identifies their rows. */
export const missingKeys = (schema: string, tables: readonly SourceTable[]): string =>
  `no primary key: ${tables.map(({ name }) => `${schema}.${name}`).join(", ")}. ` +
  "Add one (alter table ... add primary key (...)), or name a unique index (alter table ... replica identity using index ...), then start again.";

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Makes sure the publication exists and the server can stream it. A superuser publishes the schema, so that later tables join by themselves; an owner
 * publishes the tables of now. Throws with the statement an administrator has to run when the role may do neither.
 */
export async function ensurePublication(client: ClientBase, publication: string, schema: string): Promise<void> {
  const settings = await client.query<{ wal_level: string; known: boolean; published: boolean }>(
    `select current_setting('wal_level') as wal_level, exists (select from pg_namespace where nspname = $2) as known,
       exists (select from pg_publication where pubname = $1) as published`,
    [publication, schema],
  );
  const { wal_level: walLevel, known, published } = settings.rows[0]!;
  if (walLevel !== "logical") {
    throw new Error(
      `the source has wal_level = ${walLevel}; logical replication needs wal_level = logical (a setting that takes a restart)`,
    );
  }
  if (!known) throw new Error(`the source has no schema "${schema}"`);
  if (published) return;
  const whole = `create publication ${quote(publication)} for tables in schema ${quote(schema)} with (publish_via_partition_root = true)`;
  const superuser = await client.query("select from pg_roles where rolname = current_user and rolsuper");
  const tables = await client.query<{ name: string }>("select tablename as name from pg_tables where schemaname = $1 order by 1", [schema]);
  const listed = tables.rows.map(({ name }) => `${quote(schema)}.${quote(name)}`).join(", ");
  try {
    await client.query(superuser.rowCount ? whole : `create publication ${quote(publication)} for table ${listed}`);
  } catch (error) {
    throw new Error(`the source has no publication "${publication}" and this role may not make it; as an administrator run: ${whole}`, {
      cause: error,
    });
  }
}
