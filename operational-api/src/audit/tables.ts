import type { ClientBase } from "pg";

/**
 * What proves the audit trail, beside `audit.entries` itself.
 * `unsealed`: entries no seal covers yet, put there by the database whoever writes the entry. `seals`: a chain, each over its entries' digests and the seal before.
 * `digests`: an entry's digest and the random salt it was made with, so that a short value can't be guessed from it; where values were erased, the digests
 * of those (`erased`, by path such as `new.mobile`) and the salts of those that stay (`salts`) take the salt's place. `erasures`: the jobs that erased them;
 * `sought` is what a job looks for, encrypted, while it runs.
 */
const tables = `
  create table if not exists audit.unsealed (entry_id uuid not null);
  create table if not exists audit.seals (
    id bigint primary key,
    sealed_at timestamptz not null,
    entries integer not null,
    digest bytea not null
  );
  create table if not exists audit.erasures (
    id uuid primary key default gen_random_uuid(),
    entity text not null,
    record_id uuid not null,
    requested_by text,
    requested_at timestamptz not null,
    step text not null,
    places jsonb not null default '[]',
    failure text,
    finished_at timestamptz
  );
  alter table audit.erasures
    add column if not exists stepped_at timestamptz not null default clock_timestamp(),
    add column if not exists sought bytea;
  create unique index if not exists erasures_open_key on audit.erasures (entity, record_id) where finished_at is null;
  create table if not exists audit.digests (
    entry_id uuid primary key,
    seal bigint not null references audit.seals (id),
    position integer not null,
    digest bytea not null,
    salt bytea,
    salts jsonb,
    erased jsonb,
    erasure_id uuid references audit.erasures (id),
    unique (seal, position),
    check ((salt is null) = (erased is not null) and (erased is null) = (erasure_id is null))
  );
`;

/** Digests are made by the database from its own values, so that what is proven is what is stored. Text forms are spelled out: no setting of a session changes them. */
const functions = `
  create or replace function audit.values_of(entry audit.entries) returns table (path text, value jsonb)
    language sql immutable set search_path = pg_catalog as $$
      select 'old.' || key, value from jsonb_each(case jsonb_typeof(entry.old_values) when 'object' then entry.old_values else '{}' end)
      union all
      select 'new.' || key, value from jsonb_each(case jsonb_typeof(entry.new_values) when 'object' then entry.new_values else '{}' end)
    $$;
  create or replace function audit.path_salt(salt bytea, path text) returns bytea
    language sql immutable set search_path = pg_catalog as $$ select sha256(salt || convert_to(path, 'UTF8')) $$;
  create or replace function audit.value_digest(salt bytea, value jsonb) returns bytea
    language sql immutable set search_path = pg_catalog as $$ select sha256(salt || convert_to(value::text, 'UTF8')) $$;
  create or replace function audit.entry_digest(entry audit.entries, salt bytea, salts jsonb, erased jsonb) returns bytea
    language sql stable set search_path = pg_catalog as $$
      select sha256(
        convert_to(jsonb_build_array(
          entry.id, to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), entry.actor_id, entry.action, entry.entity, entry.record_id,
          entry.ip, entry.request_id, jsonb_typeof(entry.old_values), jsonb_typeof(entry.new_values))::text, 'UTF8')
        || coalesce((
          select string_agg(
            sha256(convert_to(path, 'UTF8')) || coalesce(
              decode(erased ->> path, 'hex'),
              audit.value_digest(coalesce(decode(salts ->> path, 'hex'), audit.path_salt(salt, path)), value)),
            '' order by path collate "C")
          from audit.values_of(entry)), ''))
    $$;
  create or replace function audit.seal_digest(previous bytea, seal bigint, at timestamptz, digests bytea) returns bytea
    language sql stable set search_path = pg_catalog as $$
      select sha256(coalesce(previous, '') || convert_to(
        jsonb_build_array(seal, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'))::text, 'UTF8') || coalesce(digests, ''))
    $$;
  create or replace function audit.queue_entries() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
    begin
      insert into audit.unsealed select id from added;
      return null;
    end $$;
  create or replace trigger queue_entries after insert on audit.entries
    referencing new table as added for each statement execute function audit.queue_entries();
  revoke all on function audit.queue_entries() from public;
`;

/** What was written before there were seals is sealed, too. */
const queueEarlier = `
  insert into audit.unsealed select id from audit.entries where not exists (select from audit.seals)
    and not exists (select from audit.unsealed)`;

/** Makes what is missing. Call when `audit.entries` exists, within the migration's lock; safe to call again. */
export async function createSealTables(client: ClientBase): Promise<void> {
  await client.query(tables);
  await client.query(functions);
  await client.query(queueEarlier);
}
