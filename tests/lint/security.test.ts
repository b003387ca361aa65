import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

interface Named {
  path: string;
  /** Of a test in it, or of what it stands in. */
  title: string | null;
}

/** The tests that a text names: `path.test.ts`, and "a title" behind it where one is meant in particular. */
const namedIn = (markdown: string): Named[] =>
  [...markdown.matchAll(/`([^`\s]+\.test\.ts)`(?:, "([^"]+)")?/g)].map(([, path = "", title]) => ({ path, title: title ?? null }));

const titlesIn = (source: string): string[] =>
  [...source.matchAll(/(["'`])((?:(?!\1)[^\n])*)\1,?\s*(?:\{[^}]*\},\s*)?(?:async\s*)?\(/g)].map((match) => match[2]!);

const faultOf = ({ path, title }: Named, read: (path: string) => string | null): string | null => {
  const source = read(path);
  if (source === null) return `${path} is not there`;
  return title === null || titlesIn(source).some((each) => each.includes(title)) ? null : `${path} has no test by the title "${title}"`;
};

describe("docs/security.md", () => {
  const named = namedIn(readFileSync(join(root, "docs/security.md"), "utf8"));

  it("names tests by paths and titles that are there", () => {
    const read = (path: string): string | null => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : null);
    expect(named.length).toBeGreaterThan(50);
    expect(named.flatMap((each) => faultOf(each, read) ?? [])).toEqual([]);
  });

  it("is told of one that is not", () => {
    const read = (path: string): string | null => (path === "a.test.ts" ? 'it("holds", () => {})' : null);
    expect(namedIn('`a.test.ts`, "holds"; `b.test.ts`')).toEqual([
      { path: "a.test.ts", title: "holds" },
      { path: "b.test.ts", title: null },
    ]);
    expect(faultOf({ path: "a.test.ts", title: "holds" }, read)).toBeNull();
    expect(faultOf({ path: "a.test.ts", title: "breaks" }, read)).toContain("no test by the title");
    expect(faultOf({ path: "b.test.ts", title: null }, read)).toContain("is not there");
  });
});
