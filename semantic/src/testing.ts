/** For tests: a snapshot of a few tables with the metadata a build leaves, and the app over it. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { SnapshotPointer } from "@kehu/ingest";
import type { RowGrant, Scope } from "@kehu/operational-api/definitions";
import { createSemanticApp } from "./app.ts";
import type { Caller, SemanticApp, SemanticOptions } from "./app.ts";
import type { SnapshotSource } from "./reader.ts";

export const newFolder = (): string => mkdtempSync(join(tmpdir(), "kehu-semantic-"));

export const writeModel = (folder: string, files: Record<string, string>): string => {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "model", name)), { recursive: true });
    writeFileSync(join(folder, "model", name), content);
  }
  return join(folder, "model");
};

export interface TestMart {
  name: string;
  /** As `meta.scope` in a mart's YAML; null: not declared. */
  scope: unknown;
  version?: string;
  /** Defaults to `marts`. */
  schema?: string;
  /** One of its data tests fails in this build. */
  failing?: boolean;
  /** Up to when it is complete, for a mart that does not follow every change. */
  freshTo?: string;
}

/** Writes `<folder>/<build>.duckdb`: `sql` makes the marts, the metadata is added. Returns its pointer. */
export const writeSnapshot = async (
  folder: string,
  build: string,
  sql: string,
  marts: TestMart[],
  lsn = "0/1",
): Promise<SnapshotPointer> => {
  const file = join(folder, "snapshots", `${build}.duckdb`);
  mkdirSync(dirname(file), { recursive: true });
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'; create schema marts; create schema reports; create schema meta");
  await connection.run(sql);
  await connection.run(
    "create table meta.marts (schema_name varchar, name varchar, scope json, version varchar, columns json);" +
      "create table meta.tests (model varchar, test varchar, severity varchar, failures bigint, build varchar);" +
      "create table meta.slow_marts (name varchar, refresh varchar, fresh_to timestamptz)",
  );
  for (const { name, scope, version, schema, failing, freshTo } of marts) {
    await connection.run("insert into meta.marts values ($1, $2, $3, $4, null)", [
      schema ?? "marts",
      name,
      scope === null ? null : JSON.stringify(scope),
      version ?? build,
    ]);
    if (freshTo) await connection.run("insert into meta.slow_marts values ($1, 'hourly', $2)", [name, freshTo]);
    if (failing) await connection.run("insert into meta.tests values ($1, 'unique', 'warn', 2, $2)", [name, build]);
  }
  connection.closeSync();
  instance.closeSync();
  return { build, file, lsn, freshTo: "2026-07-15T04:00:00Z", finishedAt: "2026-07-15T04:00:01Z", failedTests: 0, changed: [] };
};

/** A source whose snapshot the test publishes. */
export const manualSource = (first: SnapshotPointer | null): SnapshotSource & { publish: (pointer: SnapshotPointer) => void } => {
  let pointer = first;
  const listeners = new Set<(pointer: SnapshotPointer) => void>();
  return {
    current: () => pointer,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: (next) => {
      pointer = next;
      for (const listener of listeners) listener(next);
    },
  };
};

export const scopeWith = (version: string, read: Record<string, RowGrant>, exported: Record<string, RowGrant> = {}): Scope => ({
  version,
  userId: "00000000-0000-7000-8000-000000000000",
  employeeId: null,
  roles: [],
  grants: { read, create: {}, update: {}, delete: {}, export: exported, approve: {}, backdate: {} },
  columns: {},
});

export const unrestricted: Caller = { scope: "unrestricted", locale: "zh-CN" };

/** For tests that provoke failures. Others see an unexpected 500 in the answer. */
export const silent = { error: () => undefined };

/** Wednesday 2026-07-15 12:00 in Shanghai. */
export const testClock = (): Date => new Date("2026-07-15T04:00:00Z");

/** The app; the caller of a request is the one its header `x-caller` names. */
export const startSemantic = (
  options: Pick<SemanticOptions, "modelDir" | "snapshots"> & Partial<SemanticOptions>,
  callers: Record<string, Caller> = {},
): Promise<SemanticApp> =>
  createSemanticApp({
    authenticate: (request) => {
      const name = request.headers.get("x-caller");
      return Promise.resolve(name === null ? unrestricted : (callers[name] ?? null));
    },
    timezone: "Asia/Shanghai",
    weekStart: "monday",
    fiscalYearStart: "04-01",
    clock: testClock,
    logger: silent,
    ...options,
  });

export interface LoadAnswer {
  data: Record<string, unknown>[];
  total: number | null;
  truncated?: boolean;
  annotation: Record<string, Record<string, { title: string; shortTitle: string; description?: string }>>;
  kehu: { build: string; lsn: string; freshTo: string; marts: string[]; failedTests: string[] };
}

/** POSTs one query. `status` other than 200 comes with `error`. */
export const load = async (
  app: SemanticApp,
  query: unknown,
  { caller, headers = {} }: { caller?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; headers: Headers; error?: string; results: LoadAnswer[] }> => {
  const response = await app.request("/cubejs-api/v1/load", {
    method: "POST",
    headers: { "content-type": "application/json", ...(caller === undefined ? {} : { "x-caller": caller }), ...headers },
    body: JSON.stringify({ query, queryType: "multi" }),
  });
  const body = (await response.json()) as { error?: string; results?: LoadAnswer[] };
  return { status: response.status, headers: response.headers, ...(body.error ? { error: body.error } : {}), results: body.results ?? [] };
};
