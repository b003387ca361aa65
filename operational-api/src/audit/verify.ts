import { Client } from "pg";
import type { Seal } from "./seal.ts";

/** The first thing of the trail that does not fit, and how. */
export interface AuditFault {
  /** Null for an entry that no seal covers. */
  seal: number | null;
  /** Null when the seal itself does not fit. */
  entryId: string | null;
  what: string;
}

export interface AuditProof {
  seals: number;
  /** Entries that a seal covers. */
  entries: number;
  /** Entries written since the last seal. */
  unsealed: number;
  /** Entries of which values were erased; each still fits its digest. */
  erased: number;
  last: Seal | null;
  fault: AuditFault | null;
}

/** Seals in order: none left out, each over the digests that are there and the seal before. */
const sealFaults = `
  select id::int as seal, null::uuid as entry_id, case
    when id <> position then 'the seal before it is gone'
    when entries <> found then 'it was made over ' || entries || ' entries, ' || found || ' digests are there'
    else 'its digest does not fit its entries and the seal before' end as what
  from (
    select seals.id, seals.entries, seals.digest, row_number() over (order by seals.id) as position, coalesce(parts.found, 0) as found,
           audit.seal_digest(lag(seals.digest) over (order by seals.id), seals.id, seals.sealed_at, parts.digests) as expected
    from audit.seals left join (
      select seal, count(*) as found, string_agg(digest, '' order by position) as digests from audit.digests group by seal
    ) as parts on parts.seal = seals.id
  ) as chain
  where id <> position or entries <> found or digest <> expected
  order by id limit 1`;

const entryFaults = `
  select seal::int as seal, entry_id, what
  from (
    select kept.seal, kept.position, kept.entry_id, case
      when entry.id is null then 'the entry is gone'
      when exists (select from audit.values_of(entry) as held where kept.erased ? held.path and held.value <> 'null')
        then 'a value that was erased is there again'
      when audit.entry_digest(entry, kept.salt, kept.salts, kept.erased) <> kept.digest then 'the entry was changed' end as what
    from audit.digests as kept left join audit.entries as entry on entry.id = kept.entry_id
  ) as checked
  where what is not null order by seal, position limit 1`;

const unsealedFaults = `
  (select null::int as seal, entry.id as entry_id, 'the entry was added without being told to the seals' as what
   from audit.entries as entry
   where not exists (select from audit.digests where entry_id = entry.id) and not exists (select from audit.unsealed where entry_id = entry.id)
   order by entry.at, entry.id limit 1)
  union all
  (select null, entry_id, 'the entry was taken away before it was sealed' from audit.unsealed
   where not exists (select from audit.entries where id = entry_id) order by entry_id limit 1)`;

/**
 * Proves the whole audit trail of the database at `url`: every seal, every entry, at one moment. `expected`: a seal that somebody kept elsewhere;
 * without one, a chain whose end was cut off (or that was made anew as a whole by the database's owner) can't be told from a whole one.
 */
export async function verifyAudit(url: string, expected?: Seal): Promise<AuditProof> {
  const client = new Client({ connectionString: url, application_name: "kehu audit verify" });
  await client.connect();
  try {
    await client.query("begin isolation level repeatable read read only");
    const one = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row | null> =>
      (await client.query<Row & Record<string, unknown>>(sql, values)).rows[0] ?? null;
    const counts = await one<Omit<AuditProof, "last" | "fault">>(`
      select (select count(*)::int from audit.seals) as seals, (select count(*)::int from audit.digests) as entries,
             (select count(*)::int from audit.unsealed) as unsealed, (select count(*)::int from audit.digests where erased is not null) as erased`);
    if (!counts) throw new Error("the audit trail could not be counted");
    const last = await one<Seal>("select id::int as id, encode(digest, 'hex') as digest from audit.seals order by id desc limit 1");
    const found: AuditFault[] = [];
    for (const sql of [sealFaults, entryFaults, unsealedFaults]) {
      const row = await one<{ seal: number | null; entry_id: string | null; what: string }>(sql);
      if (row) found.push({ seal: row.seal, entryId: row.entry_id, what: row.what });
    }
    if (expected) {
      const kept = await one("select from audit.seals where id = $1 and digest = decode($2, 'hex')", [expected.id, expected.digest]);
      if (!kept) found.push({ seal: expected.id, entryId: null, what: "it is not the seal that was kept elsewhere" });
    }
    // The earliest seal; within one, an entry says more than the seal over it.
    found.sort(
      (one, other) => (one.seal ?? Infinity) - (other.seal ?? Infinity) || Number(one.entryId === null) - Number(other.entryId === null),
    );
    return { ...counts, last, fault: found[0] ?? null };
  } finally {
    await client.end();
  }
}
