import type { ClientBase } from "pg";
import { duckType } from "./column-types.ts";
import { problemOf } from "./problems.ts";
import type { MirrorProblem } from "./problems.ts";
import { quote } from "./publication.ts";
import { publishedTables } from "./published-tables.ts";

export interface SourceColumn {
  name: string;
  /** Its number in the table: a column dropped and made again under the same name has another. */
  position: number;
  typeOid: number;
  typeMod: number;
  /** The type in DuckDB. */
  type: string;
  /** Digest of the labels, attributes and names that the texts of its values are made of; null where there are none. Renaming one changes rows in silence. */
  shape: string | null;
}

/** A published table as it is now. */
export interface SourceTable {
  oid: number;
  name: string;
  columns: SourceColumn[];
  /** Columns that identify a row: the primary key, or the index that the replica identity names. Empty: only the whole row tells it apart from others. */
  key: string[];
  /** Rows are in its partitions. */
  partitioned: boolean;
  /** Digest of the files that hold its rows. A statement that rewrites a table, and a partition that comes or goes, change rows that no stream tells of. */
  storage: string;
}

export interface SourceTables {
  /** What can be mirrored, by name. */
  tables: SourceTable[];
  /** What can't, and what is not as it should be. */
  problems: MirrorProblem[];
  /** Tables that a publication that lists its tables lacks and could have. */
  unpublished: string[];
}

/** Columns of `raw_changes` besides the table's own. */
export const changeColumns = [
  ["_op", "VARCHAR"],
  ["_lsn", "UBIGINT"],
  ["_commit_at", "TIMESTAMPTZ"],
  ["_actor", "VARCHAR"],
  ["_seq", "BIGINT"],
] as const;

interface CatalogColumn {
  name: string;
  position: number;
  typeOid: number;
  typeMod: number;
  base: string;
  baseMod: number;
  shape: string | null;
  published: boolean;
  generated: "" | "s" | "v";
}

interface CatalogRow {
  oid: number;
  name: string;
  kind: "r" | "p" | "f";
  persistence: "p" | "u" | "t";
  published: boolean;
  partsPublished: boolean;
  filtered: boolean;
  full: boolean;
  key: string[];
  storage: string | null;
  columns: CatalogColumn[] | null;
}

/** What a session has for itself comes and goes all the time. */
const notOfSessions = (namespace: string): string =>
  `where ${namespace} not in (select oid from pg_namespace where nspname ~ '^pg_(toast_)?temp_') and`;

/** Types whose texts are names of objects of the database, with the objects: rename one, and rows that nobody wrote read differently. */
const namingTypes = [
  ["regclass", `pg_class ${notOfSessions("relnamespace")}`],
  ["regtype", `pg_type ${notOfSessions("typnamespace")}`],
  ["regproc", "pg_proc where"],
  ["regprocedure", "pg_proc where"],
  ["regoper", "pg_operator where"],
  ["regoperator", "pg_operator where"],
  ["regrole", "pg_roles where"],
  ["regnamespace", `pg_namespace ${notOfSessions("oid")}`],
  ["regconfig", "pg_ts_config where"],
  ["regdictionary", "pg_ts_dict where"],
  ["regcollation", "pg_collation where"],
] as const;

/** Nothing is looked at where no column has the type. */
const namesOfObjects = namingTypes
  .map(([type, objects]) => `select oid || ' ' || oid::${type}::text as words from ${objects} part.typ = '${type}'::regtype`)
  .join(" union all ");

const catalog = `
with recursive ${publishedTables}, relation as materialized (
  select cls.oid, cls.relname, cls.relkind, cls.relpersistence, cls.relreplident, pub.attnames, pub.filtered, pub.relid is not null as published
  from pg_class as cls
  join pg_namespace as nsp on nsp.oid = cls.relnamespace
  left join published as pub on pub.relid = cls.oid
  where nsp.nspname = $2 and cls.relkind in ('r', 'p', 'f') and cls.relpersistence <> 't' and (pub.relid is not null or not cls.relispartition)
), part (root, typ) as (
  select distinct att.atttypid, att.atttypid from pg_attribute as att join relation on relation.oid = att.attrelid and att.attnum > 0 and not att.attisdropped
  union
  select part.root, made_of.oid
  from part
  join pg_type as typ on typ.oid = part.typ
  cross join lateral (
    select typ.typelem as oid where typ.typelem <> 0 and typ.typcategory = 'A'
    union all select typ.typbasetype where typ.typbasetype <> 0
    union all select att.atttypid from pg_attribute as att where att.attrelid = typ.typrelid and typ.typtype = 'c' and att.attnum > 0 and not att.attisdropped
    union all select rng.rngsubtype from pg_range as rng where typ.oid in (rng.rngtypid, rng.rngmultitypid)
  ) as made_of
), shape as materialized (
  select part.root, md5(string_agg(detail.words, ';' order by part.typ, detail.words)) as digest
  from part
  cross join lateral (
    select 'label ' || label.oid || ' ' || label.enumlabel as words from pg_enum as label where label.enumtypid = part.typ
    union all
    select 'attribute ' || att.attnum || ' ' || att.atttypid from pg_attribute as att
    join pg_type as typ on typ.typrelid = att.attrelid and typ.typtype = 'c'
    where typ.oid = part.typ and att.attnum > 0 and not att.attisdropped
    union all
    select 'names ' || md5(string_agg(object.words, ',' order by object.words)) from (
      ${namesOfObjects}
    ) as object
  ) as detail
  group by part.root
)
select
  relation.oid::int8::float8 as oid,
  relation.relname as name,
  relation.relkind as kind,
  relation.relpersistence as persistence,
  relation.published,
  exists (select from leaf join published using (relid) where leaf.root = relation.oid) as "partsPublished",
  coalesce(relation.filtered, false) as filtered,
  relation.relreplident = 'f' as "full",
  -- A deferrable key may be there twice before a transaction's end, so it tells no rows apart.
  coalesce((
    select json_agg(att.attname order by part.position)
    from pg_index as idx
    cross join unnest(idx.indkey::int2[]) with ordinality as part(attnum, position)
    join pg_attribute as att on att.attrelid = relation.oid and att.attnum = part.attnum
    where idx.indrelid = relation.oid and part.position <= idx.indnkeyatts and idx.indimmediate
      and case when relation.relreplident = 'i' then idx.indisreplident else idx.indisprimary and relation.relreplident <> 'n' end
  ), '[]') as key,
  case when relation.relkind = 'p'
    then (select md5(string_agg(leaf.relid || ':' || pg_relation_filenode(leaf.relid), ',' order by leaf.relid)) from leaf where leaf.root = relation.oid)
    else pg_relation_filenode(relation.oid)::text
  end as storage,
  (
    select json_agg(json_build_object('name', att.attname, 'position', att.attnum, 'typeOid', att.atttypid::int8, 'typeMod', att.atttypmod,
      'base', base.typname, 'baseMod', base.mod, 'shape', (select shape.digest from shape where shape.root = att.atttypid),
      'published', coalesce(att.attname = any(relation.attnames), false), 'generated', att.attgenerated) order by att.attnum)
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
    where att.attrelid = relation.oid and att.attnum > 0 and not att.attisdropped
  ) as columns
from relation
order by relation.oid`;

/** DuckDB takes names that differ in the case of these letters only for one. */
export const folded = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

const reserved = new Set<string>(changeColumns.map(([name]) => name));

/** Why this table can't be mirrored, or null. */
function obstacle(row: CatalogRow, columns: readonly CatalogColumn[], schema: string, publication: string): MirrorProblem | null {
  const name = `${quote(schema)}.${quote(row.name)}`;
  const about = { table: row.name };
  if (row.kind === "f") return problemOf("foreign_table", about, {});
  if (row.persistence === "u") return problemOf("unlogged", about, { sql: `alter table ${name} set logged` });
  const add = `alter publication ${quote(publication)} add table ${name}`;
  if (!row.published) {
    return row.full || row.key.length > 0
      ? problemOf("not_published", about, { publication, sql: add })
      : problemOf("not_published_without_key", about, { sql: identify(name), publish: add });
  }
  if (row.filtered) return problemOf("row_filter", about, { sql: `alter publication ${quote(publication)} drop table ${name}; ${add}` });
  if (columns.length === 0) return problemOf("no_columns", about, {});
  const seen = new Map<string, string>();
  for (const column of columns) {
    const fold = folded(column.name);
    const other = seen.get(fold);
    const sql = `alter table ${name} rename column ${quote(column.name)} to ...`;
    const aboutColumn = { table: row.name, column: column.name };
    if (other !== undefined) return problemOf("columns_alike", aboutColumn, { other, name: column.name, sql });
    if (reserved.has(fold)) return problemOf("reserved_name", aboutColumn, { name: column.name, sql });
    seen.set(fold, column.name);
  }
  return null;
}

/** Statements, one or the other, by which Postgres can tell a table's rows apart. */
const identify = (name: string): string => `alter table ${name} add primary key (...), or: alter table ${name} replica identity full`;

const publishGenerated = "alter publication ... set (publish_generated_columns = stored)";

/** What of a mirrored table is not mirrored. */
function shortcomings(row: CatalogRow, schema: string): MirrorProblem[] {
  const problems = (row.columns ?? [])
    .filter(({ published }) => !published)
    .map(({ name: column, generated }) => {
      const about = { table: row.name, column };
      if (generated === "") return problemOf("column_not_published", about, {});
      return problemOf(generated === "v" ? "virtual_column" : "generated_column", about, { sql: publishGenerated });
    });
  const isTold = row.key.length > 0 || row.full;
  const name = `${quote(schema)}.${quote(row.name)}`;
  return isTold ? problems : [...problems, problemOf("no_identity", { table: row.name }, { sql: identify(name) })];
}

/** The tables of a schema as the catalog has them now (or, in a transaction with a snapshot, had them then). */
export async function readSourceTables(client: ClientBase, publication: string, schema: string): Promise<SourceTables> {
  const { rows } = await client.query<CatalogRow>(catalog, [publication, schema]);
  const found: SourceTables = { tables: [], problems: [], unpublished: [] };
  const names = new Map<string, string>();
  for (const row of rows) {
    // Where a publication has the partitions themselves, their parent has no rows of its own.
    if (!row.published && row.partsPublished) continue;
    const columns = (row.columns ?? []).filter(({ published }) => published);
    const keyed = row.key.every((name) => columns.some((column) => column.name === name));
    const known = names.get(folded(row.name));
    const blocked: MirrorProblem | null =
      obstacle(row, columns, schema, publication) ??
      (known === undefined
        ? null
        : problemOf(
            "tables_alike",
            { table: row.name },
            { other: known, sql: `alter table ${quote(schema)}.${quote(row.name)} rename to ...` },
          ));
    if (blocked) {
      found.problems.push(blocked);
      if (blocked.code === "not_published" && (row.full || row.key.length > 0)) found.unpublished.push(row.name);
      continue;
    }
    names.set(folded(row.name), row.name);
    found.problems.push(...shortcomings(row, schema));
    found.tables.push({
      oid: row.oid,
      name: row.name,
      key: keyed ? row.key : [],
      partitioned: row.kind === "p",
      storage: row.storage ?? "",
      columns: columns.map(({ name, position, typeOid, typeMod, base, baseMod, shape }) => ({
        name,
        position,
        typeOid,
        typeMod,
        type: duckType(base, baseMod),
        shape,
      })),
    });
  }
  found.tables.sort((one, other) => (one.name < other.name ? -1 : 1));
  return found;
}
