import { expect, it } from "vitest";
import { readHealth } from "./health.ts";

const answering = (body: object, init: ResponseInit) => () => Promise.resolve(Response.json(body, init));

it("reads what a product answers that has no snapshot yet: not ready, and nothing known", async () => {
  const starting = { status: "starting", version: "0.1.0", mirror: { lagSeconds: null, appliedLsn: null }, build: null };
  expect(await readHealth(answering(starting, { status: 503 }))).toEqual({
    ready: false,
    version: "0.1.0",
    mirror: { lagSeconds: null, appliedLsn: null },
    build: { id: null, finishedAt: null, lsn: null, failedTests: 0 },
    freshTo: null,
  });
});

it("reads the build that is served, and how fresh it is", async () => {
  const serving = {
    version: "0.1.0",
    mirror: { lagSeconds: 1, appliedLsn: "0/2" },
    build: { id: 7, finishedAt: "2026-07-15T04:00:01Z", lsn: "0/1", failedTests: ["one", "two"] },
  };
  const headers = { "kehu-fresh": "0/1 2026-07-15T04:00:00Z" };
  expect(await readHealth(answering(serving, { headers }))).toEqual({
    ready: true,
    version: "0.1.0",
    mirror: { lagSeconds: 1, appliedLsn: "0/2" },
    build: { id: "7", finishedAt: "2026-07-15T04:00:01Z", lsn: "0/1", failedTests: 2 },
    freshTo: "2026-07-15T04:00:00Z",
  });
});
