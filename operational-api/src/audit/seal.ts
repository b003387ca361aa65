import { Client, type ClientBase } from "pg";
import type { Logger } from "../log.ts";

/** Any constant does; the same for all who seal this database's trail. */
const sealLock = 5_348_102;
const mostEntries = 20_000;

/** The last link of the chain. Whoever keeps it elsewhere can prove that nothing before it was taken away. */
export interface Seal {
  id: number;
  /** SHA-256, hexadecimal. */
  digest: string;
}

// The moment is one for all: beside each entry it would be read anew where Postgres expects few of them, and give a seal for each.
const sealEntries = `
  with last as (
    select coalesce(max(id), 0) as id, (select digest from audit.seals order by id desc limit 1) as digest from audit.seals
  ), taken as (
    delete from audit.unsealed as queued
    where ctid = any (array(
      select waiting.ctid from audit.unsealed as waiting where exists (select from audit.entries where id = waiting.entry_id) limit ${mostEntries}))
    returning entry_id
  ), salted as materialized (
    select entries, entries.id, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as salt
    from taken join audit.entries on entries.id = taken.entry_id
  ), digested as materialized (
    select id, salt, audit.entry_digest(entries, salt, null, null) as digest, row_number() over (order by id) as position from salted
  ), moment as materialized (
    select clock_timestamp() as at
  ), sealed as (
    insert into audit.seals (id, sealed_at, entries, digest)
    select last.id + 1, moment.at, count(*), audit.seal_digest(last.digest, last.id + 1, moment.at, string_agg(digested.digest, '' order by position))
    from last, digested, moment
    group by last.id, last.digest, moment.at
    returning id, entries, encode(digest, 'hex') as digest
  ), kept as (
    insert into audit.digests (entry_id, seal, position, digest, salt)
    select digested.id, sealed.id, position, digested.digest, salt from digested, sealed
  )
  select id::int as id, entries, digest from sealed`;

/** Seals what is waiting, up to a limit, within the caller's transaction; null when nothing is. `client` is the owner's. */
export async function sealWaiting(client: ClientBase): Promise<(Seal & { entries: number }) | null> {
  await client.query("select pg_advisory_xact_lock($1)", [sealLock]);
  const { rows } = await client.query<Seal & { entries: number }>(sealEntries);
  return rows[0] ?? null;
}

/** `sealWaiting` in a transaction of its own. */
export async function sealEntriesOnce(client: Client): Promise<(Seal & { entries: number }) | null> {
  await client.query("begin");
  try {
    const seal = await sealWaiting(client);
    await client.query("commit");
    return seal;
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

/** The newest seal; null before the first. */
export async function lastSeal(client: Client): Promise<Seal | null> {
  const { rows } = await client.query<Seal>(
    "select id::int as id, encode(digest, 'hex') as digest from audit.seals order by id desc limit 1",
  );
  return rows[0] ?? null;
}

export interface Sealer {
  stop(): Promise<void>;
}

/**
 * Seals the audit trail of the database at `url` (its owner's) every few seconds until `stop`, which seals once more. A lost connection is made again.
 * What it sealed itself must still be there the next time: a chain that was rewritten meanwhile is an error in the log.
 */
export function startSealer(options: { url: string; logger: Logger; everyMs?: number }): Sealer {
  const { url, logger, everyMs = 5_000 } = options;
  let client: Client | null = null;
  let known: Seal | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const connect = async (): Promise<Client> => {
    const fresh = new Client({ connectionString: url, application_name: "kehu audit" });
    fresh.on("error", () => {
      if (client === fresh) client = null;
    });
    await fresh.connect();
    return fresh;
  };
  const sealAll = async (): Promise<void> => {
    client ??= await connect();
    if (known) {
      const { rowCount } = await client.query("select from audit.seals where id = $1 and digest = decode($2, 'hex')", [
        known.id,
        known.digest,
      ]);
      if (rowCount === 0) logger.error({ seal: known.id }, "the audit trail's seal is not the one that was made: the chain was rewritten");
    }
    for (;;) {
      const seal = await sealEntriesOnce(client);
      if (!seal) return;
      known = { id: seal.id, digest: seal.digest };
      if (seal.entries < mostEntries) return;
    }
  };
  const attempt = async (): Promise<void> => {
    try {
      await sealAll();
    } catch (error) {
      logger.warn({ err: error }, "the audit trail could not be sealed now; it is tried again");
      await client?.end().catch(() => {}); // broken already
      client = null;
    }
  };
  let running = Promise.resolve();
  const round = async (): Promise<void> => {
    await attempt();
    if (!stopped) timer = setTimeout(begin, everyMs);
  };
  const begin = (): void => {
    running = round();
  };
  begin();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
      await attempt();
      await client?.end();
    },
  };
}
