import { expect, test } from "vitest";
import { servicePaths } from "../operational-api/src/openapi/service-paths.ts";
import { problemOf } from "../ingest/src/mirror/problems.ts";
import { createHealth } from "./health.ts";
import type { MirrorHealth, Serving } from "./messages.ts";

/** Everything that the processes may say at once. */
const at = "2026-11-22T01:00:00.000Z";
const problem = problemOf("unlogged", { table: "scratch" }, { sql: "alter table crm.scratch set logged" });
const mirror: Required<MirrorHealth> = {
  lagSeconds: 0.4,
  appliedLsn: "0/1A2B3C8",
  problems: [problem],
  slot: { retainedBytes: 1024, safeBytes: null, status: "reserved" },
  copying: {
    table: "orders",
    done: 3,
    tables: 40,
    rows: 1200,
    ofRows: 50_000,
    bytes: 96_000,
    reading: [{ table: "order_lines", rows: 200, ofRows: 40_000 }],
  },
  waitingRows: 12,
  rereading: ["order_lines"],
  lastCopy: { at, reason: "nothing has been copied yet", tables: 40, seconds: 1.5 },
  lastCheck: { at, lsn: "0/1A2B3C8", tables: 40, rows: 1000, seconds: 2, differing: [], problems: [problem] },
};
const serving: Serving = { build: "b1", lsn: "0/1A2B3C8", freshTo: at, finishedAt: at, failedTests: 0, changed: ["fct_orders"] };

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
}

/** Paths of what the value has and the schema does not name. */
function unnamed(value: unknown, given: Schema, path: string): string[] {
  const schema = given.anyOf?.find(({ type }) => type === "object") ?? given;
  if (Array.isArray(value)) return value.flatMap((each, index) => unnamed(each, schema.items ?? {}, `${path}[${index}]`));
  if (typeof value !== "object" || value === null || schema.properties === undefined) return [];
  return Object.entries(value).flatMap(([name, part]) => {
    const known = schema.properties?.[name];
    return known ? unnamed(part, known, `${path}.${name}`) : [`${path}.${name}`];
  });
}

test("all that /healthz says is named in the OpenAPI document, before the first snapshot and after", async () => {
  const documented = JSON.parse(JSON.stringify(servicePaths())) as {
    "/healthz": { get: { responses: Record<string, { content: { "application/json": { schema: Schema } } }> } };
  };
  for (const [served, status] of [
    [serving, 200],
    [null, 503],
  ] as const) {
    const answer = await createHealth({ serving: () => served, mirror: () => mirror }).request("/healthz");
    expect(answer.status).toBe(status);
    const { schema } = documented["/healthz"].get.responses[status]!.content["application/json"];
    const body: unknown = await answer.json();
    expect(body).toMatchObject({ mirror });
    expect(unnamed(body, schema, "healthz")).toEqual([]);
    expect(unnamed({ mirror: { ...mirror, secret: 1 } }, schema, "healthz")).toEqual(["healthz.mirror.secret"]);
  }
});
