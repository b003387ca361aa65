import { describe, expect, it } from "vitest";
import { demoMark, idSequence } from "./ids.ts";

const uuidv7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/;

describe("ids of the demo company", () => {
  it("are UUIDv7 of the business time, also of a moment within a millisecond", () => {
    const id = idSequence();
    for (const at of [0, 1_763_798_400_000, 1_763_798_400_000.666]) expect(id(at)).toMatch(uuidv7);
    expect(id(1_763_798_400_000.666).slice(0, 13)).toBe(id(1_763_798_400_000).slice(0, 13));
  });

  it("are all different, and marked", () => {
    const id = idSequence();
    const ids = Array.from({ length: 1000 }, () => id(1_763_798_400_000));
    expect(new Set(ids).size).toBe(1000);
    expect(ids.every((one) => one.endsWith(demoMark))).toBe(true);
  });
});
