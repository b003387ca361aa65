import type { ClientBase } from "pg";

/** What an entry's digest needs of a value that goes, and of those that stay, before its salt goes, too. */
const erase = `
  with held as (
    select entries.id, value.path, value.value
    from audit.entries join audit.digests on digests.entry_id = entries.id cross join lateral audit.values_of(entries) as value
    where value.value <> 'null'
      and (entries.entity = $1 and entries.record_id = $2
        or exists (select from unnest($4::text[]) as sought
                   where strpos(coalesce(entries.old_values::text, ''), sought) > 0 or strpos(coalesce(entries.new_values::text, ''), sought) > 0))
      and (entries.entity = $1 and entries.record_id = $2 and substr(value.path, 5) = any ($3)
        or exists (select from unnest($4::text[]) as sought where strpos(value.value::text, sought) > 0))
  ), salted as (
    select digests.entry_id, value.path, value.value, coalesce(decode(digests.salts ->> value.path, 'hex'), audit.path_salt(digests.salt, value.path)) as salt,
           held.path is not null as goes
    from audit.digests join audit.entries on entries.id = digests.entry_id cross join lateral audit.values_of(entries) as value
    left join held on held.id = entries.id and held.path = value.path
    where entries.id in (select id from held) and not coalesce(digests.erased ? value.path, false)
  ), proofs as (
    select entry_id,
           jsonb_object_agg(path, encode(audit.value_digest(salt, value), 'hex')) filter (where goes) as erased,
           coalesce(jsonb_object_agg(path, encode(salt, 'hex')) filter (where not goes), '{}') as salts,
           coalesce(jsonb_object_agg(substr(path, 5), null) filter (where goes and path like 'old.%'), '{}') as old_nulls,
           coalesce(jsonb_object_agg(substr(path, 5), null) filter (where goes and path like 'new.%'), '{}') as new_nulls,
           count(*) filter (where goes) as count
    from salted group by entry_id
  ), proven as (
    update audit.digests set salt = null, salts = proofs.salts, erased = coalesce(digests.erased, '{}') || proofs.erased, erasure_id = $5::uuid
    from proofs where digests.entry_id = proofs.entry_id
  ), emptied as (
    update audit.entries set old_values = old_values || proofs.old_nulls, new_values = new_values || proofs.new_nulls
    from proofs where entries.id = proofs.entry_id
  )
  select coalesce(sum(count), 0)::int as count from proofs`;

/**
 * Erases values from sealed entries of the audit trail: the columns named of one record's, and wherever a telling text stands. The entries' digests stay
 * provable. `client` is the owner's, in a transaction. Gives how many values went.
 */
export async function eraseAuditValues(
  client: ClientBase,
  { erasureId, entity, recordId }: { erasureId: string; entity: string; recordId: string },
  columns: readonly string[],
  telling: readonly string[],
): Promise<number> {
  // As jsonb spells them: with what JSON escapes escaped.
  const spelled = [...new Set(telling.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]))];
  const { rows } = await client.query<{ count: number }>(erase, [entity, recordId, columns, spelled, erasureId]);
  return rows[0]?.count ?? 0;
}
