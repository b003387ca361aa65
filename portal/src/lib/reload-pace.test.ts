import { assert, nat, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { reloadPace } from "./reload-pace.ts";

describe("reloadPace", () => {
  it("follows every publish while answers are quick", () => {
    // Publishes are 2 s apart at least.
    expect(reloadPace(100)).toEqual({ restMs: 1_000, spreadMs: 500 });
  });

  it("never waits longer than 5 s and a second", () => {
    expect(reloadPace(60_000)).toEqual({ restMs: 5_000, spreadMs: 1_000 });
  });

  it("asks less often, the longer answers take", () => {
    assert(
      property(nat(20_000), nat(20_000), (one, more) => {
        const [quick, slow] = [reloadPace(one), reloadPace(one + more)];
        expect(slow.restMs).toBeGreaterThanOrEqual(quick.restMs);
        expect(slow.spreadMs).toBeGreaterThanOrEqual(quick.spreadMs);
      }),
    );
  });
});
