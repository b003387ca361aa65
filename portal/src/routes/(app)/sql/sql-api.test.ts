import { afterEach, describe, expect, it, vi } from "vitest";
import { parametersIn, runStatement, SqlProblem } from "./sql-api.ts";

describe("parametersIn", () => {
  it.each([
    ["select $1 + $2 + $1", ["1", "2"]],
    ["select * from t where day >= $since and name = $名", ["since"]],
    ["select '$1', \"$2\" -- $3\n/* $4 */ , $$ $5 $$, $6", ["6"]],
    ["select 1", []],
  ])("%s", (sql, expected) => expect(parametersIn(sql)).toEqual(expected));
});

describe("runStatement", () => {
  afterEach(() => vi.unstubAllGlobals());
  const answering = (status: number, body: object) => {
    const calls: { body: string }[] = [];
    vi.stubGlobal("fetch", (_: string, init: { body: string }) => {
      calls.push(init);
      return Promise.resolve(Response.json(body, { status }));
    });
    return calls;
  };
  const statement = { id: "12345678", sql: "select 1", parameters: {} };

  it("sends numbered parameters as a list and named ones by name", async () => {
    const calls = answering(200, { rows: [] });
    const text = (value: string) => ({ type: "text" as const, text: value });
    await runStatement(
      { ...statement, parameters: { 10: text("ten"), 2: text(""), 1: { type: "decimal", text: "1.50" } } },
      AbortSignal.any([]),
    );
    await runStatement(
      { ...statement, parameters: { since: { type: "date", text: "2026-01-31" }, is_new: { type: "boolean", text: "true" } } },
      AbortSignal.any([]),
    );
    expect(calls.map(({ body }) => (JSON.parse(body) as { params: unknown }).params)).toEqual([
      [{ type: "decimal", value: "1.50" }, null, "ten"],
      { since: { type: "date", value: "2026-01-31" }, is_new: true },
    ]);
  });

  it.each([
    [
      'Referenced column "amuont" not found in FROM clause! Candidate bindings: "amount", "tax"',
      'Referenced column "amuont" not found in FROM clause',
    ],
    ['Type with name intger does not exist! Did you mean "integer"?', "Type with name intger does not exist"],
    ["The function summ does not exist or may not be used", "The function summ does not exist or may not be used"],
  ])("names what was perhaps meant once: %s", async (reason, message) => {
    const refusal = { detail: `Line 1, column 8: ${reason}`, errors: [{ reason }], suggestions: ["integer"] };
    answering(422, refusal);
    await expect(runStatement(statement, AbortSignal.any([]))).rejects.toMatchObject({ message, suggestions: ["integer"] });
    answering(422, { ...refusal, suggestions: [] });
    await expect(runStatement(statement, AbortSignal.any([]))).rejects.toMatchObject({ message: reason });
  });

  it("throws where and what the server says is wrong", async () => {
    answering(422, {
      detail: "Line 1, column 8: no such column",
      errors: [{ reason: "no such column" }],
      position: { line: 1, column: 8 },
      suggestions: ["amount"],
    });
    const failure = await runStatement(statement, AbortSignal.any([])).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SqlProblem);
    expect(failure).toMatchObject({ status: 422, message: "no such column", position: { line: 1, column: 8 }, suggestions: ["amount"] });
  });
});
