import type { ClientBase } from "pg";

/** What requests run as: reads and writes `crm` and `portal`, never deletes a CRM row, may only add to the audit trail. */
export const appRole = "kehu_app";
/** What the mirror reads with: `crm` and nothing else. */
export const mirrorRole = "kehu_mirror";

/** Roles belong to the whole server: another database's migration may make them at the same moment, which is fine. */
const unlessPresent = (statement: string): string =>
  `do $$ begin ${statement}; exception when duplicate_object or unique_violation then null; end $$`;

/**
 * The connecting owner becomes a member, so that its connections may take the roles on. A superuser may anyway; anybody else is granted it each time:
 * since Postgres 16 who makes a role may hand it out without being allowed to act as it.
 */
export const makeRoles = async (client: ClientBase): Promise<void> => {
  const { rows } = await client.query<{ superuser: boolean }>("select rolsuper as superuser from pg_roles where rolname = current_user");
  for (const role of [appRole, mirrorRole]) {
    await client.query(unlessPresent(`create role ${role} nologin`));
    if (!rows[0]?.superuser) await client.query(`grant ${role} to current_user`);
  }
};

/** Called after every migration, so that what it made is covered. */
export const grantRights = async (client: ClientBase): Promise<void> => {
  await client.query(`
    grant usage on schema crm to ${appRole}, ${mirrorRole};
    grant usage on schema audit, portal to ${appRole};
    grant select, insert, update on all tables in schema crm to ${appRole};
    grant select on all tables in schema crm to ${mirrorRole};
    grant select, insert on audit.entries, audit.erasures to ${appRole};
    grant select on audit.seals, audit.unsealed to ${appRole};
    grant select (entry_id, erased) on audit.digests to ${appRole};
    grant select, insert, update, delete on all tables in schema portal to ${appRole};
    alter default privileges in schema crm grant select, insert, update on tables to ${appRole};
    alter default privileges in schema crm grant select on tables to ${mirrorRole};
  `);
};
