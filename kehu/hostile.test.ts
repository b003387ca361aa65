import { describe, expect, it } from "vitest";
import { classNames } from "../tests/prove/fuzz/hostile.ts";
import { fuzz } from "../tests/prove/fuzz/trial.ts";

const requests = 1_000;

describe("P5: hostile input, generated from the OpenAPI document", () => {
  // The long form, with other seeds: npm run prove -- fuzz
  it(`${requests} requests of every class for every operation are answered as the document says, and never with 5xx`, async () => {
    const report = await fuzz({ seed: 5, requests });
    expect(report.failures.map(({ number, hostility, faults, curl }) => `#${number} ${hostility}: ${faults.join("; ")}\n${curl}`)).toEqual(
      [],
    );
    expect(report.requests).toBe(requests);
    expect(report.operations.filter((id) => !report.asked.has(id))).toEqual([]);
    expect(classNames.filter((name) => !report.byClass.has(name))).toEqual([]);
    // What is right must have been let through, or the answers were not looked at.
    expect(report.succeeded.size).toBeGreaterThan(report.operations.length * 0.8);
  }, 120_000);
});
