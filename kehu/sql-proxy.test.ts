import type { Principal, WriteDependencies } from "@kehu/operational-api";
import { expect, test } from "vitest";
import { createSqlProxy } from "./sql-proxy.ts";

test("a body nested beyond reading is refused before the sandbox sees it", async () => {
  const app = createSqlProxy({
    authenticate: () => Promise.resolve({ subject: "a", scope: { version: "v" } } as Principal),
    sandboxPort: () => {
      throw new Error("the sandbox was asked");
    },
    internalSecret: "inside",
    origin: "http://localhost:3000",
    writes: {} as WriteDependencies,
  });
  const ask = (body: string): Promise<Response> | Response => app.request("/api/sql", { method: "POST", body });
  for (const deep of [`${"[".repeat(10_000)}${"]".repeat(10_000)}`, `${'{"a":'.repeat(101)}1${"}".repeat(101)}`]) {
    const answer = await ask(`{"sql": "select 1", "waitFor": ${deep}}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ detail: "the body is nested deeper than 100 levels; write it flatter" });
  }
  // What stands in a text is no nesting.
  await expect(ask(JSON.stringify({ sql: `select ${"[".repeat(200)}` }))).rejects.toThrow("the sandbox was asked");
});
