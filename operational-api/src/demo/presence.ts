import { Client, type ClientBase } from "pg";
import { entityTables } from "./tables.ts";

/** Reference data that a company may be set up with before it has any record of its own. */
const reference = ["pipeline_stages", "exchange_rates"];

/** Whether any entity's table but the reference tables has a row, deleted ones included. */
export async function holdsRecords(client: ClientBase): Promise<boolean> {
  const tables = Object.keys(entityTables).filter((table) => !reference.includes(table));
  const { rows } = await client.query<{ found: boolean }>(
    `select ${tables.map((table) => `exists (select from crm.${table})`).join(" or ")} as found`,
  );
  return rows[0]!.found;
}

/** Whether the database at `url` holds a company, of the demo or of anybody: the demo is filled into an empty one only. */
export async function hasCompany({ url }: { url: string }): Promise<boolean> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await holdsRecords(client);
  } finally {
    await client.end();
  }
}
