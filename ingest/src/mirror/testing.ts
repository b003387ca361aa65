import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { createTestDatabase } from "../../../operational-api/src/postgres/testing.ts";
import { verify } from "../verify.ts";
import type { Verification } from "../verify.ts";
import { openWarehouse } from "../warehouse.ts";
import type { Warehouse } from "../warehouse.ts";
import { createMirror } from "./mirror.ts";
import type { Mirror, MirrorOptions } from "./mirror.ts";
import type { MirrorLogger } from "./session.ts";

export const silent: MirrorLogger = { info: () => {}, warn: () => {}, error: () => {} };

/** A source database with an empty schema `crm`, a folder for the warehouse, and mirrors of the one in the other. */
export interface MirrorBench {
  url: string;
  dir: string;
  source: Client;
  /** A new mirror on the same files and slot, as a new process would make one. Earlier ones must have stopped. */
  mirror(options?: Partial<MirrorOptions>): Promise<Mirror>;
  /** Stops the mirror and closes its files. */
  stop(): Promise<void>;
  /** Resolves when everything committed in the source until now is applied. */
  settle(): Promise<void>;
  connect: Warehouse["connect"];
  /** That of the mirror that runs. */
  warehouse(): Warehouse;
  /** Compares the mirror that runs with the source. */
  verify(): Promise<Verification>;
  /** Rows of a query on the mirror. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** The position after everything that has committed. The message's own commit makes sure that the log is flushed up to it. */
export async function currentLsn(source: Client): Promise<string> {
  const { rows } = await source.query<{ lsn: string }>("select pg_logical_emit_message(true, 'kehu.test', '')::text as lsn");
  return rows[0]!.lsn;
}

export async function openMirrorBench(): Promise<MirrorBench> {
  const database = await createTestDatabase();
  const dir = await mkdtemp(join(tmpdir(), "kehu-mirror-"));
  const source = new Client({ connectionString: database.url });
  source.on("error", () => {});
  await source.connect();
  await source.query("create schema crm; set search_path = crm");
  const slot = `kehu_${new URL(database.url).pathname.slice(1)}`;
  let warehouse: Warehouse | undefined;
  let mirror: Mirror | undefined;

  const stop = async (): Promise<void> => {
    await mirror?.stop();
    warehouse?.close();
    mirror = warehouse = undefined;
  };
  return {
    url: database.url,
    dir,
    source,
    async mirror(options = {}) {
      warehouse = await openWarehouse({ dir, threads: 2, memoryLimit: "500MB" });
      mirror = createMirror({ sourceUrl: database.url, schema: "crm", publication: "kehu", slot, warehouse, logger: silent, ...options });
      return mirror;
    },
    stop,
    async settle() {
      await mirror!.waitFor(await currentLsn(source), 20_000);
    },
    connect: () => warehouse!.connect(),
    warehouse: () => warehouse!,
    verify: () => verify({ source: database.url, schema: "crm", logger: silent, warehouse: warehouse!, mirror: mirror! }),
    async rows(sql) {
      const connection = await warehouse!.connect();
      try {
        return (await connection.runAndReadAll(sql)).getRowObjectsJson() as Record<string, unknown>[];
      } finally {
        connection.closeSync();
      }
    },
    async close() {
      await stop();
      await source.end();
      await database.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
