import { expect, it } from "vitest";
import { staleTiles, type Tiles } from "./stale-tiles.ts";

const answered = (build: string, mart: string): Tiles[string] => ({
  ok: true,
  content: { kind: "leaderboard", definitions: [], range: null, before: null, basis: null, people: [] },
  trust: { build, lsn: "0/1", freshTo: null, marts: [mart], failedTests: [] },
  ignoresDepartment: false,
  goesByWeekday: false,
});
const tiles: Tiles = { orders: answered("b1", "fct_orders"), receipts: answered("b1", "fct_receipts"), late: answered("b3", "fct_orders") };

it("asks again what reads a mart that changed", () =>
  expect(staleTiles(tiles, { changed: new Set(["fct_receipts"]), catchUpWith: null })).toEqual(["receipts"]));

it("asks everything older again when builds may have been missed", () =>
  expect(staleTiles(tiles, { changed: new Set(), catchUpWith: "b3" })).toEqual(["orders", "receipts"]));

it("asks again what failed or is still on its way", () => {
  const unsettled: Tiles = {
    failed: { ok: false, status: 503, message: "" },
    coming: new Promise(() => {}),
    fine: answered("b1", "fct_orders"),
  };
  expect(staleTiles(unsettled, { changed: new Set(), catchUpWith: null })).toEqual(["failed", "coming"]);
});
