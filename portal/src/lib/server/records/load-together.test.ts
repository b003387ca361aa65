import { describe, expect, it } from "vitest";
import type { Loaded, Semantic } from "#lib/server/semantic.ts";
import { loadTogether } from "./load-together.ts";

const answerOf = (build: string): Loaded => ({
  rows: [],
  trust: { build, lsn: "0/1", freshTo: "2026-01-01T00:00:00Z", marts: [], failedTests: [] },
  truncated: false,
  total: null,
});

/** Answers the n-th query by the n-th of these builds. */
const answering = (builds: string[]): Semantic => ({
  catalogue: () => Promise.reject(new Error("not asked here")),
  load: () => {
    const build = builds.shift();
    return build === undefined ? Promise.reject(new Error("asked too often")) : Promise.resolve(answerOf(build));
  },
});

const buildsOf = async (builds: string[]): Promise<(string | null | undefined)[]> => {
  const { listed, totalled } = await loadTogether(answering(builds), { dimensions: ["orders.id"] }, { measures: ["orders.amount"] });
  return [listed.trust.build, totalled?.trust.build];
};

describe("rows and totals of one page or export", () => {
  it("are taken as they come when one build answers both", async () => expect(await buildsOf(["a", "a"])).toEqual(["a", "a"]));

  it("are asked for again, both, when a publish fell between them", async () =>
    expect(await buildsOf(["a", "b", "b", "b"])).toEqual(["b", "b"]));

  it("are refused with 503 rather than served of two builds", async () => {
    const builds = Array.from({ length: 20 }, (_, index) => `${index}`);
    await expect(buildsOf(builds)).rejects.toMatchObject({ name: "ApiError", status: 503 });
  });
});
