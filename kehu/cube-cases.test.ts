import { spawn, type ChildProcess } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { differingCases } from "./cube-cases.ts";

const repository = join(import.meta.dirname, "..");
const data = join(process.env["KEHU_SHARED_DATA"] ?? join(repository, "../shared/data"), "cube-cases");
const present = existsSync(join(data, "cases_dev.json"));
if (!present) console.warn(`cube-cases.test.ts is skipped: ${data} is not there; KEHU_SHARED_DATA names the folder that holds cube-cases`);

interface Case {
  name: string;
  rest_queries: { order?: unknown }[];
  expected: Record<string, unknown>[][];
}
const cases = present ? (JSON.parse(readFileSync(join(data, "cases_dev.json"), "utf8")) as Case[]) : [];

const secret = "a secret of at least thirty-two bytes";

/** A token as another program makes it, without our libraries. */
const tokenSignedWith = (key: string, claims: object): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
};
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

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

/** The command as a user runs it, with nothing in its environment but what the line of documentation names. Resolves when it has said where it listens. */
const startCommand = (args: string[]): Promise<{ child: ChildProcess; url: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(repository, "kehu.mjs"), "semantic", ...args], {
      env: { PATH: process.env["PATH"], KEHU_SECRET: secret },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      const url = /http:\/\/\S+/.exec(printed)?.[0];
      if (url) resolve({ child, url });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`kehu semantic ended with ${code}:\n${printed}`)));
  });

describe.skipIf(!present)("kehu semantic over Cube's own driver cases", () => {
  let folder: string;
  let child: ChildProcess;
  let url: string;
  const token = tokenSignedWith(secret, { exp: inSeconds(300) });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kehu-cube-cases-"));
    const database = join(folder, "cases.duckdb");
    const instance = await DuckDBInstance.create(database);
    const connection = await instance.connect();
    await connection.run("create macro to_date(text, format) as text::date");
    await connection.run(readFileSync(join(data, "tables_postgres.sql"), "utf8"));
    connection.closeSync();
    instance.closeSync();
    const model = join(folder, "model");
    await mkdir(model);
    // JSON is YAML too.
    await writeFile(join(model, "cases.yml"), readFileSync(join(data, "model_resolved.json")));
    ({ child, url } = await startCommand(["--model", model, "--database", database, "--port", "0"]));
  });

  afterAll(async () => {
    child?.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

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

  test("a token signed with another secret, one that has expired, and none at all are 401 with Cube's error shape", async () => {
    const foreign = tokenSignedWith("another secret of thirty-two bytes", { exp: inSeconds(300) });
    const expired = tokenSignedWith(secret, { exp: inSeconds(-300) });
    for (const headers of [{ authorization: foreign }, { authorization: expired }, {}]) {
      const response = await fetch(`${url}/meta`, { headers: headers as Record<string, string> });
      expect(response.status).toBe(401);
      expect(await response.json()).toHaveProperty("error");
    }
  });

  test("SIGTERM ends it with exit code 0", async () => {
    const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });
});
