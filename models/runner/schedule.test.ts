import { describe, expect, it } from "vitest";
import { Graph } from "./graph.ts";
import { loadProject } from "./load-project.ts";
import { planUnits, runUnits, type Unit } from "./schedule.ts";
import { writeProject } from "./testing.ts";

/** a -> b -> d, a -> c (ephemeral) -> d, a test on each of a and b, one on a and b together. */
const files = {
  "models/a.sql": "select 1 as id",
  "models/b.sql": "select * from {{ ref('a') }}",
  "models/c.sql": "{{ config(materialized='ephemeral') }} select * from {{ ref('a') }}",
  "models/d.sql": "select * from {{ ref('b') }} cross join {{ ref('c') }}",
  "models/e.sql": "select 1 as id",
  "models/all.yml": `
models:
  - {name: a, columns: [{name: id, data_tests: [unique, not_null]}]}
  - {name: b, columns: [{name: id, data_tests: [{relationships: {to: ref('a'), field: id}}, unique]}]}`,
};

const label = (unit: Unit): string =>
  unit.nodes.every((node) => node.resourceType === "test")
    ? `tests(${unit.nodes[0]?.dependsOn.map((id) => id.split(".").at(-1)).join()})`
    : (unit.nodes[0]?.name ?? "");

async function plan(gate: boolean): Promise<Unit[]> {
  const projectDir = await writeProject(files);
  const project = await loadProject({ projectDir, target: { name: "t", catalog: "db", schema: "main", threads: 1 }, vars: {} });
  return planUnits([...project.nodes.values()], new Graph(project.nodes.values()), gate);
}

const waits = (units: readonly Unit[]): Record<string, string> =>
  Object.fromEntries(units.map((unit) => [label(unit), [...unit.after].map(label).sort().join(" ")]));

describe("the plan", () => {
  it("waits for the nearest of what is built, past ephemeral models, and for their tests", async () => {
    expect(waits(await plan(true))).toEqual({
      a: "",
      b: "a tests(a)",
      d: "a b tests(a,b) tests(b)",
      e: "",
      "tests(a)": "a",
      "tests(a,b)": "a b",
      "tests(b)": "b",
    });
  });

  it("does not wait for tests without a gate", async () => {
    expect(waits(await plan(false))).toMatchObject({ b: "a", d: "a b" });
  });
});

describe("running", () => {
  const run = async (workers: number, fails: string[], stopAtFailure = false): Promise<string[]> => {
    const log: string[] = [];
    await runUnits(
      await plan(true),
      Array.from({ length: workers }, (_, index) => index),
      async (unit) => {
        log.push(label(unit));
        await new Promise((resolve) => setImmediate(resolve));
        return !fails.includes(label(unit));
      },
      (unit, because) => log.push(`skip ${label(unit)} for ${because ? label(because) : "stop"}`),
      stopAtFailure,
    );
    return log;
  };

  it("runs everything once, parents first, with one worker or several", async () => {
    for (const workers of [1, 2, 5]) {
      const log = await run(workers, []);
      expect(log.toSorted()).toEqual(["a", "b", "d", "e", "tests(a)", "tests(a,b)", "tests(b)"]);
      for (const [before, after] of [
        ["a", "tests(a)"],
        ["tests(a)", "b"],
        ["b", "tests(a,b)"],
        ["tests(a,b)", "d"],
      ] as const)
        expect(log.indexOf(before)).toBeLessThan(log.indexOf(after));
    }
  });

  it("skips what depends on a failure, all the way down, and nothing else", async () => {
    expect(await run(2, ["tests(a)"])).toEqual(
      expect.arrayContaining(["e", "skip b for tests(a)", "skip tests(b) for b", expect.stringMatching(/^skip d for /)]),
    );
  });

  it("starts nothing more after a failure when it is to stop", async () => {
    expect((await run(1, ["a"], true)).filter((line) => !line.startsWith("skip"))).toEqual(["a"]);
  });
});
