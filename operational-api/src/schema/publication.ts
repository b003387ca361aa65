import type { ClientBase } from "pg";

/** The publication that the mirror reads: everything in `crm`, nothing of `auth`, `portal` and `audit`. */
export const publicationName = "kehu";

/**
 * Publishes the whole schema, so that new tables are in it by themselves. Only a superuser may publish a schema;
 * anyone else publishes the tables there are, again after each migration.
 */
export const publishForMirror = async (client: ClientBase): Promise<void> => {
  const { rows } = await client.query<{ exists: boolean; superuser: boolean; tables: string }>(
    `select exists (select from pg_publication where pubname = $1) as exists,
            (select rolsuper from pg_roles where rolname = current_user) as superuser,
            (select string_agg(format('%I.%I', schemaname, tablename), ', ' order by tablename) from pg_tables where schemaname = 'crm') as tables`,
    [publicationName],
  );
  const found = rows[0];
  if (!found) throw new Error("pg_publication could not be read");
  if (found.superuser && !found.exists) await client.query(`create publication ${publicationName} for tables in schema crm`);
  if (!found.superuser && !found.exists) await client.query(`create publication ${publicationName} for table ${found.tables}`);
  if (!found.superuser && found.exists) await client.query(`alter publication ${publicationName} set table ${found.tables}`);
};
