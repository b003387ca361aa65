import type { ClientBase } from "pg";

/**
 * What accounts need beside better-auth's tables. `account_settings`: one row, decided by administrators.
 * `attempts`: how often something failed lately, by a digest of what was tried. `devices`: browsers an account was used from.
 */
const tables = `
  create table if not exists auth.account_settings (
    only_row boolean primary key default true check (only_row),
    password_length integer not null default 12 check (password_length between 8 and 64),
    second_factor_roles text[] not null default '{}',
    idle_minutes integer not null default 30 check (idle_minutes between 1 and 1440),
    session_limit integer not null default 20 check (session_limit between 1 and 100)
  );
  insert into auth.account_settings default values on conflict do nothing;

  create table if not exists auth.attempts (
    subject text primary key,
    failures integer not null,
    last_at timestamptz not null,
    blocked_until timestamptz
  );

  create table if not exists auth.devices (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.holders (user_id) on delete cascade,
    token_hash text not null,
    name text not null,
    state text not null check (state in ('known', 'waiting', 'admitted')),
    address text,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    unique (user_id, token_hash)
  );
  alter table auth.holders add column if not exists device_bound boolean not null default false;
`;

/** Makes what is missing. Call within the transaction or lock of the migration, when better-auth's tables and `auth.holders` are there. */
export async function createAccountTables(client: ClientBase): Promise<void> {
  await client.query(tables);
}

/**
 * Ends what an employee holds in the statement that lets them go, whoever writes it: sessions, API keys, open challenges and links.
 * Runs as the owner, because who writes employees may not touch accounts. Call when `auth`, `crm` and `audit` exist; safe to call again.
 */
export async function installDepartureTrigger(client: ClientBase): Promise<void> {
  await client.query(`
    create or replace function auth.end_departed() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
      declare
        departed uuid;
        sessions integer;
        keys integer;
      begin
        for departed in select user_id from auth.holders where employee_id = new.id loop
          delete from auth.session where "userId" = departed;
          get diagnostics sessions = row_count;
          delete from auth.apikey where "referenceId" = departed::text;
          get diagnostics keys = row_count;
          delete from auth.verification where value = departed::text;
          insert into audit.entries (at, action, entity, record_id, new_values)
          values (now(), 'account_stopped', 'account', departed::text,
                  jsonb_build_object('reason', 'employee left', 'sessions_ended', sessions, 'keys_revoked', keys));
        end loop;
        return null;
      end
    $$;
    revoke all on function auth.end_departed() from public;
    create or replace trigger end_departed after update of status, deleted_at on crm.employees for each row
      when (old.status = 'active' and old.deleted_at is null and (new.status <> 'active' or new.deleted_at is not null))
      execute function auth.end_departed();
  `);
}
