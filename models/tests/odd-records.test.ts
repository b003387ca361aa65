import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMirror, openWarehouse, parseLsn, readPointer, type Mirror, type SnapshotPointer, type Warehouse } from "@kehu/ingest";
import { publicationName } from "@kehu/operational-api/definitions";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../../operational-api/src/testing.ts";
import { createLiveBuilder, type LiveBuilder } from "../runner/live/live-builder.ts";
import { oddRequest, randomFrom, type KnownIds } from "./odd-records.ts";

/** Whatever one caller gets past the API, everybody's figures are published: no record may fail a model or a test. */
const random = randomFrom(20_261_122);
const failures: object[] = [];
const logger = { info: () => undefined, warn: () => undefined, error: (fields: object) => void failures.push(fields) };
const taken = new Map<string, number>();

let folder: string;
let api: TestApi;
let warehouse: Warehouse;
let mirror: Mirror;
let builder: LiveBuilder;
let ids: KnownIds;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kehu-odd-records-"));
  api = await createTestApi();
  ids = new Map([
    ["departments", Object.values(api.company.departments)],
    ["employees", Object.values(api.company.employees)],
  ]);
  warehouse = await openWarehouse({ dir: join(folder, "warehouse") });
  mirror = createMirror({ sourceUrl: api.url, schema: "crm", publication: publicationName, slot: `odd_${process.pid}`, warehouse, logger });
  const clock = (): Date => new Date("2026-11-22T02:00:00Z");
  builder = createLiveBuilder({
    warehouse,
    mirror,
    projectDir: join(import.meta.dirname, ".."),
    vars: {},
    clock,
    publishSeconds: 0,
    logger,
  });
});

afterAll(async () => {
  await builder?.stop();
  await mirror?.stop();
  warehouse?.close();
  await api?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Sends so many requests; the API refuses what it will, but never breaks. */
async function send(count: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) {
    const { method, path, body } = oddRequest(random, ids);
    const { status, body: answer } = await api.admin.send(method, path, body, method === "POST" ? {} : { "if-match": "*" });
    expect(status, `${method} ${path} ${JSON.stringify(body)}`).toBeLessThan(500);
    if (status >= 300) continue;
    const kind = path.split("/")[3] ?? "";
    taken.set(kind, (taken.get(kind) ?? 0) + 1);
    if (status === 201) ids.set(kind, [...(ids.get(kind) ?? []), String(answer["id"])]);
  }
}

/** The snapshot that includes everything sent so far. Throws what the build failed with. */
async function published(): Promise<SnapshotPointer> {
  const { rows } = await api.pool.query<{ lsn: string }>("select pg_current_wal_insert_lsn()::text as lsn");
  const lsn = parseLsn(rows[0]?.lsn ?? "");
  let pointer: SnapshotPointer | null = null;
  await expect
    .poll(
      async () => {
        pointer = await readPointer(warehouse.dir);
        return failures.length > 0 || (pointer !== null && parseLsn(pointer.lsn) >= lsn);
      },
      { timeout: 50_000, interval: 50 },
    )
    .toBe(true);
  expect(failures).toEqual([]);
  return pointer ?? Promise.reject(new Error("nothing is published"));
}

/** Sold for nothing, so that the customer owes no more than the tax; approved. */
async function sellForTax(currency: Record<string, string>): Promise<void> {
  const [customer, product, owner] = ["customers", "products", "employees"].map((kind) => ids.get(kind)?.[0]);
  const line = { product_id: product, quantity: "1", unit_price: "1", tax_rate: "0.13" };
  const order = {
    number: `税 ${currency["currency"]}`,
    customer_id: customer,
    owner_id: owner,
    ...currency,
    discount: "3",
    lines: [line, line, line],
  };
  const made = await api.admin.send("POST", "/api/v1/orders", order);
  expect(made.status).toBe(201);
  expect((await api.admin.send("POST", `/api/v1/orders/${String(made.body["id"])}/approve`, {})).status).toBe(200);
}

it("publishes a company of the oddest records that the API takes", async () => {
  await send(500);
  for (const kind of ["orders", "receipts", "instalments", "opportunities", "contracts", "activities", "targets", "customers"])
    expect(taken.get(kind), kind).toBeGreaterThan(4);
  await sellForTax({ currency: "CNY" });
  await sellForTax({ currency: "USD", exchange_rate: "7.1" });
  await mirror.start();
  await builder.start();
  await published();
  const connection = await warehouse.connect();
  const due = await connection.run(
    "select currency, amount::varchar as amount from warehouse.marts.fct_receivables where number like '税 %' order by currency",
  );
  expect(await due.getRowObjectsJS()).toEqual([
    { currency: "CNY", amount: "0.39" },
    { currency: "USD", amount: "2.76" },
  ]);
});

it("goes on publishing while odd changes come in", async () => {
  await send(120);
  expect((await published()).changed).not.toEqual([]);
});
