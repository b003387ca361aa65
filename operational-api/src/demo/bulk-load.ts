import { Client, escapeIdentifier } from "pg";

/** What stands in the way of fast copying, as statements that bring it back. */
const defined = `
  select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
         format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as restore
    from pg_constraint
   where contype = 'f' and connamespace = 'crm'::regnamespace
  union all
  select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    from pg_index
    join pg_class on pg_class.oid = indrelid
   where relnamespace = 'crm'::regnamespace
     and not exists (select from pg_constraint where conindid = indexrelid)`;

/**
 * Runs `copy` without the secondary indexes and foreign keys of schema `crm`, then makes them again, which checks every row:
 * a third of the time of keeping them row by row. In the client's open transaction, so a crash leaves them as they were.
 */
export async function withoutIndexes(client: Client, copy: () => Promise<void>): Promise<void> {
  const { rows } = await client.query<{ drop: string; restore: string }>(defined);
  const tables = await client.query<{ name: string }>("select tablename as name from pg_tables where schemaname = 'crm'");
  await client.query(rows.map((row) => row.drop).join(";\n"));
  await copy();
  await client.query("set local maintenance_work_mem = '256MB'");
  // Indexes before the foreign keys: last in, first out.
  await client.query(
    rows
      .toReversed()
      .map((row) => row.restore)
      .join(";\n"),
  );
  // The planner would otherwise take the tables for empty until autovacuum comes by.
  await client.query(`analyze ${tables.rows.map(({ name }) => `crm.${escapeIdentifier(name)}`).join(", ")}`);
}
