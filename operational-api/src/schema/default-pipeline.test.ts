import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase } from "../postgres/testing.ts";
import { ensureDefaultPipeline } from "./default-pipeline.ts";
import { migrate } from "./migrate.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  client = new Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

const stages = async (): Promise<string[]> => {
  const { rows } = await client.query<{ stage: string }>(
    "select concat_ws(' ', pipeline, position, code, outcome) as stage from crm.pipeline_stages order by pipeline, position",
  );
  return rows.map(({ stage }) => stage);
};

it("is there once for a company without stages, and never beside stages of its own", async () => {
  await ensureDefaultPipeline(database.url);
  await ensureDefaultPipeline(database.url);
  expect(await stages()).toEqual([
    "default 1 first_talk open",
    "default 2 sample_test open",
    "default 3 negotiation open",
    "default 4 signing open",
    "default 5 won won",
    "default 6 lost lost",
  ]);
  await client.query("delete from crm.pipeline_stages where code <> 'first_talk'");
  await ensureDefaultPipeline(database.url);
  expect(await stages()).toEqual(["default 1 first_talk open"]);
});
