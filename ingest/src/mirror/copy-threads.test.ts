import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { copyThreads, withCopyThreads } from "./copy-threads.ts";

const threads = async (connection: DuckDBConnection): Promise<unknown> =>
  (await connection.runAndReadAll("select current_setting('threads')::int")).getRows()[0]?.[0];

test.each([
  [2, 1, 1],
  [2, 2, 1],
  [4, 4, 2],
  [1, 8, 1],
  [16, 16, 8],
])("%d usual threads on %d processors are %d during a copy", (usual, processors, expected) => {
  expect(copyThreads(usual, processors)).toBe(expected);
});

test("a copy that fails in the middle of its transaction gives the threads back, as many as are usual", async () => {
  const instance = await DuckDBInstance.create(":memory:", { threads: "64" });
  const connection = await instance.connect();
  try {
    const during: unknown[] = [];
    const copied = withCopyThreads(connection, 64, async () => {
      during.push(await threads(connection));
      await connection.run("begin");
      try {
        await connection.run("select cast('seven' as integer)");
      } finally {
        await connection.run("rollback");
      }
    });
    await expect(copied).rejects.toThrow("seven");
    expect(during[0]).toBeLessThan(64);
    expect(await threads(connection)).toBe(64);
    expect(await withCopyThreads(connection, 64, () => threads(connection))).toEqual(during[0]);
    await connection.run("set global threads = 3"); // a build began in the meantime
    await withCopyThreads(connection, 64, () => Promise.resolve());
    expect(await threads(connection)).toBe(64);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
});
