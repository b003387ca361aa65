import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { differingCases } from "./cube-cases.ts";
import { serveStandalone } from "./standalone.ts";
import { newFolder, silent, writeModel } from "./testing.ts";

const data = join(process.env["KEHU_SHARED_DATA"] ?? resolve(import.meta.dirname, "../../../shared/data"), "cube-cases");
const present = existsSync(join(data, "cases_dev.json"));
if (!present) console.warn(`cube-cases: skipped, ${data} is absent (set KEHU_SHARED_DATA)`);

interface Case {
  name: string;
  rest_queries: { order?: unknown }[];
  expected: Record<string, unknown>[][];
}
const cases = present ? (JSON.parse(readFileSync(join(data, "cases_dev.json"), "utf8")) as Case[]) : [];

const secret = "a secret of at least thirty-two bytes";

/** Rows as comparable text: numbers by value ("24.36800" is 24.368), in the order sent only if the query asked for one. */
const comparable = (rows: Record<string, unknown>[], ordered: boolean): string[] => {
  const cell = (value: unknown) => (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value);
  const lines = rows.map((row) =>
    JSON.stringify(
      Object.keys(row)
        .sort()
        .map((key) => [key, cell(row[key])]),
    ),
  );
  return ordered ? lines : lines.sort();
};

describe.skipIf(!present)("Cube's own driver cases over HTTP", () => {
  let url: string;
  let token: string;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const folder = newFolder();
    const database = join(folder, "cases.duckdb");
    const instance = await DuckDBInstance.create(database);
    const connection = await instance.connect();
    await connection.run("create macro to_date(text, format) as text::date");
    await connection.run(readFileSync(join(data, "tables_postgres.sql"), "utf8"));
    connection.closeSync();
    instance.closeSync();
    // JSON is YAML too.
    const model = writeModel(folder, { "cases.yml": readFileSync(join(data, "model_resolved.json"), "utf8") });
    const server = await serveStandalone({
      model,
      database,
      port: 0,
      secret,
      timezone: "Asia/Shanghai",
      logger: silent,
    });
    url = `http://127.0.0.1:${server.port}/cubejs-api/v1`;
    close = server.close;
    token = await new SignJWT({}).setProtectedHeader({ alg: "HS256" }).setExpirationTime("5m").sign(new TextEncoder().encode(secret));
  });
  afterAll(async () => close());

  const answer = async (query: unknown): Promise<{ data?: Record<string, unknown>[]; error?: string }> => {
    const response = await fetch(`${url}/load?query=${encodeURIComponent(JSON.stringify(query))}`, { headers: { authorization: token } });
    return (await response.json()) as { data?: Record<string, unknown>[]; error?: string };
  };

  test.each(cases.map((each) => [each.name, each] as const))("%s", async (name, { rest_queries: queries, expected }) => {
    for (const [index, query] of queries.entries()) {
      const { data: rows, error } = await answer(query);
      const ordered = query.order !== undefined;
      const got = rows ? comparable(rows, ordered) : error;
      // A case that becomes equal must leave the list of those that differ.
      if (name in differingCases) expect(got).not.toEqual(comparable(expected[index]!, ordered));
      else expect(got).toEqual(comparable(expected[index]!, ordered));
    }
  });

  test("at least 30 of 37 are equal", () => {
    expect(cases.length - cases.filter(({ name }) => name in differingCases).length).toBeGreaterThanOrEqual(30);
    expect(Object.keys(differingCases).filter((name) => !cases.some((each) => each.name === name))).toEqual([]);
  });

  test("a token signed with another secret, and none at all, are 401 with Cube's error shape", async () => {
    const foreign = await new SignJWT({})
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode("another secret of thirty-two bytes"));
    for (const headers of [{ authorization: foreign }, {}]) {
      const response = await fetch(`${url}/meta`, { headers: headers as Record<string, string> });
      expect(response.status).toBe(401);
      expect(await response.json()).toHaveProperty("error");
    }
  });
});
