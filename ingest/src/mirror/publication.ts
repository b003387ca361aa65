import type { ClientBase } from "pg";

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A publication as it is now. Made again it has another `oid`; what was changed while there was none is in no stream. */
export interface Publication {
  oid: number;
  /** Its tables are listed one by one; false: the whole schema (or database) is published, later tables included. */
  listed: boolean;
  viaRoot: boolean;
  /** Kinds of changes that it leaves out: with any of them rows would go wrong in silence. */
  missing: string[];
}

/** Null when there is none. */
export async function readPublication(client: ClientBase, publication: string): Promise<Publication | null> {
  const { rows } = await client.query<Publication>(
    `select pub.oid::int8::float8 as oid, pub.pubviaroot as "viaRoot",
       not pub.puballtables and not exists (select from pg_publication_namespace as nsp where nsp.pnpubid = pub.oid) as listed,
       array_remove(array[case when not pubinsert then 'insert' end, case when not pubupdate then 'update' end,
         case when not pubdelete then 'delete' end, case when not pubtruncate then 'truncate' end], null) as missing
     from pg_publication as pub where pub.pubname = $1`,
    [publication],
  );
  return rows[0] ?? null;
}

const leavesOut = (publication: string, { missing }: Publication): string =>
  `the publication "${publication}" leaves out ${missing.join(", ")}; run: alter publication ${quote(publication)} set (publish = 'insert, update, delete, truncate')`;

interface Server {
  walLevel: string;
  known: boolean;
  superuser: boolean;
  version: number;
}

/** Tables whose rows an update can be told by, each with its schema, quoted. A published table without gets its updates refused by Postgres. */
const identifiedTables = `
  select format('%I.%I', nsp.nspname, cls.relname) as name, cls.relreplident = 'f' or exists (
      select from pg_index as idx where idx.indrelid = cls.oid and idx.indimmediate
        and case when cls.relreplident = 'i' then idx.indisreplident else idx.indisprimary and cls.relreplident <> 'n' end
    ) as identified
  from pg_class as cls join pg_namespace as nsp on nsp.oid = cls.relnamespace
  where nsp.nspname = $1 and cls.relkind in ('r', 'p') and cls.relpersistence = 'p' and not cls.relispartition
  order by cls.relname`;

/** Options of a publication of ours: partitioned tables as one, and generated columns where the server can. */
const publicationOptions = (version: number): string =>
  `publish_via_partition_root = true${version >= 180_000 ? ", publish_generated_columns = stored" : ""}`;

/**
 * Makes sure the publication exists and the server can stream it. A superuser publishes the schema, so that later tables join by themselves, unless that
 * would make Postgres refuse updates of a table without a key; else the tables of now are listed, and `publishTables` adds later ones.
 * Throws with the statement an administrator has to run when the role may do neither.
 */
export async function ensurePublication(client: ClientBase, publication: string, schema: string): Promise<Publication> {
  const settings = await client.query<Server>(
    `select current_setting('wal_level') as "walLevel", exists (select from pg_namespace where nspname = $1) as known,
       (select rolsuper from pg_roles where rolname = current_user) as superuser, current_setting('server_version_num')::int as version`,
    [schema],
  );
  const { walLevel, known, superuser, version } = settings.rows[0]!;
  if (walLevel !== "logical") {
    throw new Error(
      `the source has wal_level = ${walLevel}; logical replication needs wal_level = logical (a setting that takes a restart)`,
    );
  }
  if (!known) throw new Error(`the source has no schema "${schema}"`);
  const found = await readPublication(client, publication);
  if (found && found.missing.length > 0) throw new Error(leavesOut(publication, found));
  if (found) return found;
  const options = publicationOptions(version);
  const whole = `create publication ${quote(publication)} for tables in schema ${quote(schema)} with (${options})`;
  const { rows: tables } = await client.query<{ name: string; identified: boolean }>(identifiedTables, [schema]);
  const identified = tables.filter((table) => table.identified).map(({ name }) => name);
  const listed = `create publication ${quote(publication)}${identified.length > 0 ? ` for table ${identified.join(", ")}` : ""} with (${options})`;
  try {
    await client.query(superuser && identified.length === tables.length ? whole : listed);
  } catch (error) {
    throw new Error(`the source has no publication "${publication}" and this role may not make it; as an administrator run: ${whole}`, {
      cause: error,
    });
  }
  return (await readPublication(client, publication))!;
}

/** Adds tables to a publication that lists its tables. Returns those that this role may not add. */
export async function publishTables(client: ClientBase, publication: string, schema: string, names: readonly string[]): Promise<string[]> {
  const refused: string[] = [];
  for (const name of names) {
    try {
      await client.query(`alter publication ${quote(publication)} add table ${quote(schema)}.${quote(name)}`);
    } catch (error) {
      const { code } = error as { code?: string };
      // insufficient_privilege; any other error concerns more than this table.
      if (code !== "42501") throw error;
      refused.push(name);
    }
  }
  return refused;
}
