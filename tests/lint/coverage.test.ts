import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const namesOf = (...patterns: string[]): Set<string> =>
  new Set(globSync(patterns, { cwd: root }).map((path) => basename(path).replace(/\.[^.]+$/, "")));

interface Row {
  /** The requirement, such as `A10`. */
  id: string;
  /** Cells by the table's own header. */
  cells: Record<string, string>;
}

/** The rows of every table whose first cell begins with a requirement's number. */
function coveredRows(markdown: string): Row[] {
  let header: string[] = [];
  return markdown.split("\n").flatMap((line) => {
    if (!line.startsWith("|")) return [];
    const cells = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    const id = /^([AOP]\d+)\b/.exec(cells[0] ?? "")?.[1];
    if (!id) {
      if (!/^-+$/.test(cells[0] ?? "")) header = cells;
      return [];
    }
    return [{ id, cells: Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ""])) }];
  });
}

const quoted = (cell: string | undefined): string[] => [...(cell ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

/** A title of a test or of what it stands in that holds the id as a word: a test by that title is run, and seen in the report. */
function holdsInTitle(source: string, id: string): boolean {
  const titles = [...source.matchAll(/\b(?:it|test|describe)(?:\.\w+(?:\([^)]*\))?)*\(\s*(["'`])((?:(?!\1).)*)\1/g)].map(
    (match) => match[2]!,
  );
  return titles.some((title) => new RegExp(`\\b${id}\\b`).test(title));
}

const rows = coveredRows(read("docs/coverage.md"));
const sql = namesOf("models/models/**/*.sql", "models/tests/*.sql", "models/macros/*.sql", "models/models/**/*.yml");
const macrosAndFits = globSync(["models/macros/*.sql", "models/models/**/*.yml"], { cwd: root }).map(read).join("\n");
const views = namesOf("semantic/model/views/*.yml");
const dashboards = new Set([
  ...namesOf("portal/src/lib/dashboards/*.ts"),
  ...globSync("portal/src/routes/(app)/*/", { cwd: root }).map((path) => basename(path)),
]);

describe("docs/coverage.md", () => {
  it("is read", () => {
    expect(rows.length).toBeGreaterThan(10);
    expect(holdsInTitle(`it("A1: the funnel balances", () => {})`, "A1")).toBe(true);
    expect(holdsInTitle(`it("A10: ageing", () => {})`, "A1")).toBe(false);
    expect(coveredRows("| row | test |\n|---|---|\n| A1 funnel | `a.test.ts` |")).toEqual([
      { id: "A1", cells: { row: "A1 funnel", test: "`a.test.ts`" } },
    ]);
  });

  it("names tests that are there and whose titles hold the id", () => {
    const missing = rows.flatMap(({ id, cells }) => {
      const files = quoted(cells["test"]).filter((name) => name.endsWith(".test.ts"));
      if (!files.length) return [`${id}: names no test file`];
      return files.filter((file) => !globSync(file, { cwd: root }).length || !holdsInTitle(read(file), id)).map((file) => `${id}: ${file}`);
    });
    expect(missing).toEqual([]);
  });

  it("names models, views and dashboards that are there", () => {
    const missing = rows.flatMap(({ id, cells }) => [
      ...quoted(cells["models"])
        .filter((name) => !sql.has(name) && !new RegExp(`\\b${name}\\b`).test(macrosAndFits))
        .map((name) => `${id}: model ${name}`),
      ...Object.entries(cells)
        .filter(([header]) => header.startsWith("measures"))
        .flatMap(([, cell]) => quoted(cell.replaceAll(/\([^)]*\)/g, "")).filter((name) => !views.has(name)))
        .map((name) => `${id}: view ${name}`),
      ...quoted(cells["dashboard"])
        .filter((path) => path.startsWith("/dashboards/") && !dashboards.has(path.slice("/dashboards/".length)))
        .map((path) => `${id}: dashboard ${path}`),
    ]);
    expect(missing).toEqual([]);
  });
});
