import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { compileFiles, metaCubes } from "./cube.ts";
import { createKeptCode } from "./kept-code.ts";
import { compileModel } from "./model.ts";

const directory = mkdtempSync(join(tmpdir(), "kehu-kept-code-"));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const cube = (sql: string): { fileName: string; content: string }[] => [
  {
    fileName: "orders.yml",
    content: `cubes: [{name: orders, sql_table: orders, dimensions: [{name: id, sql: "${sql}", type: string, primary_key: true}]}]`,
  },
];

describe("what Cube made of a model file", () => {
  it("is there for the next start, and only for the same content", () => {
    const first = createKeptCode(directory);
    expect(first.has("a")).toBe(false);
    first.set("a", "cube('a', {})");
    expect(first.get("a")).toBe("cube('a', {})");
    first.keep();
    const second = createKeptCode(directory);
    expect(second.get("a")).toBe("cube('a', {})");
    expect(second.get("b")).toBeUndefined();
    expect(readdirSync(directory)).toEqual(["a.js"]);
  });

  it("is not written before the whole model has compiled", () => {
    const kept = createKeptCode(directory);
    kept.set("a", "null");
    expect(createKeptCode(directory).has("a")).toBe(false);
  });

  it("says why it can't be written, unless for want of rights", () => {
    writeFileSync(`${directory}-file`, "");
    const kept = createKeptCode(join(`${directory}-file`, "below"));
    kept.set("a", "null");
    expect(() => kept.keep()).toThrow("ENOTDIR");
    rmSync(`${directory}-file`);
  });

  it("a file is read anew when a name in another file has changed", async () => {
    const files = (dimension: string): { fileName: string; content: string }[] => [
      ...cube("id"),
      {
        fileName: "views.yml",
        content: `cubes: [{name: names, sql_table: names, dimensions: [{name: ${dimension}, sql: "${dimension}", type: string, primary_key: true}],
          joins: [{name: orders, sql: "{CUBE}.${dimension} = {orders.id}", relationship: one_to_one}]}]`,
      },
    ];
    const dimensions = async (dimension: string): Promise<string[]> =>
      metaCubes(await compileFiles(files(dimension))).flatMap((one) => one.dimensions.map(({ name }) => name));
    expect(await dimensions("first")).toEqual(["orders.id", "names.first"]);
    expect(await dimensions("second")).toEqual(["orders.id", "names.second"]);
    expect(await dimensions("first")).toEqual(["orders.id", "names.first"]);
  });

  it("a broken expression is refused at every compilation, not only at the first", async () => {
    for (const round of [1, 2]) await expect(compileModel(cube("{1 +}")), `round ${round}`).rejects.toThrow("Unsupported Python");
    const [first, second] = [await compileModel(cube("{CUBE}.id")), await compileModel(cube("{CUBE}.id"))];
    expect(second.cubes).toEqual(first.cubes);
  });
});
