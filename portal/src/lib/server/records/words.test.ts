import { expect, it } from "vitest";
import { Catalogue, type Loaded, type Semantic, type SemanticQuery } from "#lib/server/semantic.ts";
import { readWords, wordMember } from "./words.ts";

const names = ["opportunities.close_reason", "opportunities.close_reason_label_zh", "opportunities.owner_id", "opportunities.owner"];
const member = (name: string) =>
  ({ name, kind: "dimension", title: name, description: "", formula: null, format: "text", type: "string" }) as const;
const catalogue = new Catalogue(new Map(names.map((name) => [name, member(name)])), new Map());

/** Answers with one row, and keeps what was asked. */
function answering(row: Loaded["rows"][number]): { semantic: Semantic; asked: SemanticQuery[] } {
  const asked: SemanticQuery[] = [];
  const load = (query: SemanticQuery): Promise<Loaded> => {
    asked.push(query);
    return Promise.resolve({
      rows: [row],
      trust: { build: "1", lsn: null, freshTo: null, marts: [], failedTests: [] },
      truncated: false,
      total: null,
    });
  };
  return { semantic: { catalogue: () => Promise.resolve(catalogue), load }, asked };
}

it("finds a code's label and an id's name", () => {
  expect(wordMember("opportunities.close_reason", "zh-CN", catalogue)).toBe("opportunities.close_reason_label_zh");
  expect(wordMember("opportunities.owner_id", "en", catalogue)).toBe("opportunities.owner");
  expect(wordMember("opportunities.close_reason", "en", catalogue)).toBeNull();
});

it("asks for the words of the values of a filter only, and says nothing of those it finds none for", async () => {
  const { semantic, asked } = answering({ "opportunities.close_reason": "price", "opportunities.close_reason_label_zh": "价格过高" });
  const words = await readWords("opportunities.close_reason", ["price", "~", "gone"], "zh-CN", { semantic, catalogue });
  expect([...words]).toEqual([["price", "价格过高"]]);
  expect(asked).toMatchObject([{ filters: [{ member: "opportunities.close_reason", values: ["price", "gone"] }] }]);
});

it("knows an entity's own codes without asking", async () => {
  const { semantic, asked } = answering({});
  expect((await readWords("opportunities.status", ["won"], "en", { semantic, catalogue })).get("won")).toBe("Won");
  expect(asked).toEqual([]);
});
