import { describe, expect, it } from "vitest";
import { placeTitle, stepStates } from "./erasure.ts";

describe("O18 an erasure as the page shows it", () => {
  it("the step behind the one written down is under way", () => {
    expect(stepStates({ step: "requested", failure: null, finished_at: null })).toEqual(["done", "running", "ahead", "ahead", "ahead"]);
    expect(stepStates({ step: "rewriting", failure: "disk full", finished_at: null })).toEqual([
      "done",
      "done",
      "done",
      "running",
      "ahead",
    ]);
  });

  it("its end is good when the search found nothing, and not otherwise", () => {
    const finished_at = "2026-11-22T01:30:00Z";
    expect(stepStates({ step: "finished", failure: null, finished_at })).toEqual(["done", "done", "done", "done", "done"]);
    expect(stepStates({ step: "finished", failure: "still found in backup", finished_at }).at(-1)).toBe("failed");
  });

  it("places are called by what they hold", () => {
    const titles = { contacts: { title: "联系人", columns: { name: "姓名" } } };
    expect(placeTitle("crm.contacts", titles)).toBe("联系人");
    expect(placeTitle("crm.contacts.name", titles)).toBe("联系人 · 姓名");
    expect(placeTitle("mirror.raw_changes.contacts.name", titles)).toContain("联系人 · 姓名");
    expect(placeTitle("mirror.raw_changes.contacts.name", titles)).not.toBe(placeTitle("mirror.raw.contacts.name", titles));
    expect(placeTitle("auth.somewhere", titles)).toBe("auth.somewhere");
  });
});
