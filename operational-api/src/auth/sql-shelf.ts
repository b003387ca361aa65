import type { Pool } from "pg";
import { z } from "zod";
import { Problem } from "../problem.ts";
import { textField } from "../validation/body-schema.ts";

/** A person's ad-hoc SQL: statements saved under a name, and those run last. Nobody else reads them, but for the saved ones that are shared. */
export const sqlShelfTables = `
  create table if not exists auth.sql_queries (
    id uuid primary key default uuidv7(),
    user_id uuid not null references auth."user" (id) on delete cascade,
    name text not null,
    statement text not null,
    parameters jsonb not null,
    is_shared boolean not null default false,
    updated_at timestamptz not null default now(),
    unique (user_id, name)
  );
  create table if not exists auth.sql_runs (
    id uuid primary key default uuidv7(),
    user_id uuid not null references auth."user" (id) on delete cascade,
    statement text not null,
    parameters jsonb not null,
    format text not null,
    status integer not null,
    row_count integer,
    milliseconds integer not null,
    ran_at timestamptz not null default now()
  );
  create index if not exists sql_runs_by_user on auth.sql_runs (user_id, id desc);
`;

/** By name, each with its kind as the page offers it and what was typed: `{"since": {"type": "date", "text": "2026-01-31"}}`. */
export type KeptParameters = Record<string, { type: string; text: string }>;

const longestStatement = 20_000;
const mostQueries = 200;
const mostRuns = 50;

const parameters = z.record(
  z.string().regex(/^\w{1,60}$/, { error: "expected names of letters, digits and _" }),
  z.strictObject({
    type: textField(20),
    text: z.union([z.literal(""), textField(1_000)], { error: "expected a text of up to 1000 characters" }),
  }),
);
const wholeNumber = z.int({ error: "expected a whole number from 0" }).min(0, { error: "expected a whole number from 0" });
const flag = z.boolean({ error: "expected true or false" });

/** Body of `POST /api/v1/me/sql-queries`. */
export const queryBody = z.strictObject({
  name: textField(80),
  statement: textField(longestStatement),
  parameters: parameters.default({}),
  is_shared: flag.default(false),
});
/** Body of `PATCH /api/v1/me/sql-queries/{id}`. */
export const queryChangeBody = z.strictObject({
  name: textField(80).optional(),
  statement: textField(longestStatement).optional(),
  parameters: parameters.optional(),
  is_shared: flag.optional(),
});

/** Body of `POST /api/v1/me/sql-runs`. */
export const runBody = z.strictObject({
  statement: textField(longestStatement),
  parameters: parameters.default({}),
  format: textField(20),
  status: z.int({ error: "expected the HTTP status of the answer" }).min(200).max(599),
  row_count: wholeNumber.nullable().default(null),
  milliseconds: wholeNumber.max(86_400_000),
});

export interface SavedQuery {
  id: string;
  name: string;
  statement: string;
  parameters: KeptParameters;
  is_shared: boolean;
  is_own: boolean;
  /** Whose it is. */
  owner: string;
  updated_at: Date;
}

export interface SqlRun {
  id: string;
  statement: string;
  parameters: KeptParameters;
  format: string;
  /** HTTP status of the answer. */
  status: number;
  row_count: number | null;
  milliseconds: number;
  ran_at: Date;
}

type Client = Pick<Pool, "query">;

/** One's own and those that others who are still active share, by name. */
export async function listQueries(client: Client, userId: string, id: string | null = null): Promise<SavedQuery[]> {
  const { rows } = await client.query<SavedQuery>(
    `select query.id, query.name, statement, parameters, is_shared, query.user_id = $1 as is_own, owner.name as owner, updated_at
       from auth.sql_queries as query join auth."user" as owner on owner.id = query.user_id join auth.holders as holder on holder.user_id = query.user_id
      where (query.user_id = $1 or is_shared and holder.active) and ($2::uuid is null or query.id = $2)
      order by query.user_id <> $1, query.name, query.id`,
    [userId, id],
  );
  return rows;
}

/** Throws Problem 409 for a name that one has given already, and when there are too many. */
export async function saveQuery(client: Client, userId: string, query: z.infer<typeof queryBody>): Promise<SavedQuery> {
  const { name, statement, is_shared } = query;
  const { rows } = await client.query<{ id: string }>(
    `insert into auth.sql_queries (user_id, name, statement, parameters, is_shared)
     select $1, $2, $3, $4, $5 where (select count(*) from auth.sql_queries where user_id = $1) < ${mostQueries}
     on conflict (user_id, name) do nothing returning id`,
    [userId, name, statement, JSON.stringify(query.parameters), is_shared],
  );
  const made = rows[0];
  if (!made) throw new Problem(409, `you have a query called "${name}" already, or ${mostQueries} queries, which is the most`);
  return (await listQueries(client, userId, made.id))[0]!;
}

/** Null when there is none of the user's. Throws Problem 409 for a name that another of the user's has. */
export async function changeQuery(
  client: Client,
  userId: string,
  id: string,
  change: z.infer<typeof queryChangeBody>,
): Promise<SavedQuery | null> {
  const { name, statement, is_shared } = change;
  const taken = await client.query("select from auth.sql_queries where user_id = $1 and name = $2 and id <> $3", [
    userId,
    name ?? null,
    id,
  ]);
  if (taken.rowCount) throw new Problem(409, `you have a query called "${name}" already`);
  const { rowCount } = await client.query(
    `update auth.sql_queries set name = coalesce($3, name), statement = coalesce($4, statement), parameters = coalesce($5, parameters),
       is_shared = coalesce($6, is_shared), updated_at = now() where user_id = $1 and id = $2`,
    [userId, id, name ?? null, statement ?? null, change.parameters ? JSON.stringify(change.parameters) : null, is_shared ?? null],
  );
  return rowCount ? (await listQueries(client, userId, id))[0]! : null;
}

/** Whether there was one of the user's. */
export async function removeQuery(client: Client, userId: string, id: string): Promise<boolean> {
  const { rowCount } = await client.query("delete from auth.sql_queries where user_id = $1 and id = $2", [userId, id]);
  return rowCount === 1;
}

/** One's own, the last first. */
export async function listRuns(client: Client, userId: string): Promise<SqlRun[]> {
  const { rows } = await client.query<SqlRun>(
    "select id, statement, parameters, format, status, row_count, milliseconds, ran_at from auth.sql_runs where user_id = $1 order by id desc",
    [userId],
  );
  return rows;
}

/** Notes one; the oldest beyond the most that are kept go. */
export async function addRun(client: Client, userId: string, run: z.infer<typeof runBody>): Promise<void> {
  const { statement, format, status, row_count, milliseconds } = run;
  await client.query(
    `insert into auth.sql_runs (user_id, statement, parameters, format, status, row_count, milliseconds) values ($1, $2, $3, $4, $5, $6, $7)`,
    [userId, statement, JSON.stringify(run.parameters), format, status, row_count, milliseconds],
  );
  await client.query(
    `delete from auth.sql_runs where id in (select id from auth.sql_runs where user_id = $1 order by id desc offset ${mostRuns})`,
    [userId],
  );
}

export async function forgetRuns(client: Client, userId: string): Promise<void> {
  await client.query("delete from auth.sql_runs where user_id = $1", [userId]);
}
