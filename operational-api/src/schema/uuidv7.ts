import type { ClientBase } from "pg";

const native = "select pg_catalog.uuidv7()";

/** The 48 bits of milliseconds over a random UUID, version 7. In order across milliseconds, not within one. */
const composed = `
  select encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid()) placing substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
      52, 1), 53, 1),
    'hex')::uuid`;

/** `crm.uuidv7()`: Postgres's own from version 18 on, composed by ourselves before that. */
export const defineUuidv7 = async (client: ClientBase, serverVersion: number): Promise<void> => {
  await client.query(
    `create or replace function crm.uuidv7() returns uuid language sql volatile parallel safe as $$ ${serverVersion >= 180_000 ? native : composed} $$`,
  );
};
