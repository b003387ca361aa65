import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createKeptYaml } from "./kept-yaml.ts";
import { compileModel } from "./model.ts";

const directory = mkdtempSync(join(tmpdir(), "kehu-kept-yaml-"));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const cube = (sql: string): { fileName: string; content: string }[] => [
  {
    fileName: "orders.yml",
    content: `cubes: [{name: orders, sql_table: orders, dimensions: [{name: id, sql: "${sql}", type: string, primary_key: true}]}]`,
  },
];

describe("what Cube made of a YAML file", () => {
  it("is there for the next start, and only for the same content", () => {
    const first = createKeptYaml(directory);
    expect(first.has("a")).toBe(false);
    first.set("a", "cube('a', {})");
    expect(first.get("a")).toBe("cube('a', {})");
    first.keep();
    const second = createKeptYaml(directory);
    expect(second.get("a")).toBe("cube('a', {})");
    expect(second.get("b")).toBeUndefined();
    expect(readdirSync(directory)).toEqual(["a.js"]);
  });

  it("is not written before the whole model has compiled", () => {
    const kept = createKeptYaml(directory);
    kept.set("a", "null");
    expect(createKeptYaml(directory).has("a")).toBe(false);
  });

  it("says why it can't be written, unless for want of rights", () => {
    writeFileSync(`${directory}-file`, "");
    const kept = createKeptYaml(join(`${directory}-file`, "below"));
    kept.set("a", "null");
    expect(() => kept.keep()).toThrow("ENOTDIR");
    rmSync(`${directory}-file`);
  });

  it("a broken expression is refused at every compilation, not only at the first", async () => {
    for (const round of [1, 2]) await expect(compileModel(cube("{1 +}")), `round ${round}`).rejects.toThrow("Unsupported Python");
    const [first, second] = [await compileModel(cube("{CUBE}.id")), await compileModel(cube("{CUBE}.id"))];
    expect(second.cubes).toEqual(first.cubes);
  });
});
