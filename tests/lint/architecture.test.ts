import { existsSync, readFileSync } from "node:fs";
import { globSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
/** Left to right: a room imports only from rooms to its left. */
const rooms = ["operational-api", "ingest", "models", "semantic", "portal"] as const;
type Room = (typeof rooms)[number];

/** The entries that a room's package.json declares: `.`, `./sandbox`. */
const exportsOf = (room: string): Set<string> => {
  const manifest = join(root, room, "package.json");
  if (!existsSync(manifest)) return new Set();
  return new Set(Object.keys((JSON.parse(readFileSync(manifest, "utf8")) as { exports: Record<string, string> }).exports));
};

/** Imports that break the rule of docs/architecture.md. `file` is relative to the root; pure, so that the rule itself can be tested. */
function violations(file: string, source: string): string[] {
  const room = rooms.find((name) => file.startsWith(`${name}/`));
  if (!room) return [];
  const specifiers = [...source.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)["']([^"']+)["']/g)].map((match) => match[1]!);
  return specifiers.flatMap((specifier) => {
    const target = /^@kehu\/([^/]+)(\/.*)?$/.exec(specifier);
    if (target) {
      const offered = exportsOf(target[1]!);
      if (!offered.has(`.${target[2] ?? ""}`)) return [`${file}: imports ${specifier}, which @kehu/${target[1]} does not export`];
      if (rooms.indexOf(target[1] as Room) > rooms.indexOf(room)) return [`${file}: ${room} imports ${specifier}, which lies to its right`];
      return [];
    }
    if (!specifier.startsWith(".")) return [];
    const path = relative(root, join(root, file, "..", specifier));
    if (!path.startsWith(`${room}/`)) return [`${file}: reaches out of its room by ${specifier}`];
    return [];
  });
}

const sources = rooms.flatMap((room) =>
  globSync(`${room}/**/*.{ts,svelte}`, {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|build|\.svelte-kit|paraglide)(\/|$)/.test(String(path)),
  }),
);

describe("architecture", () => {
  it("finds the violations it is there for", () => {
    expect(violations("ingest/src/a.ts", `import x from "@kehu/semantic";`)).toHaveLength(1);
    expect(violations("ingest/src/a.ts", `import x from "../../models/runner/index.ts";`)).toHaveLength(1);
    expect(violations("semantic/src/a.ts", `import type { Scope } from "@kehu/operational-api/src/auth";`)).toHaveLength(1);
    expect(violations("semantic/src/a.ts", `import { entities } from "@kehu/operational-api/definitions";`)).toEqual([]);
    expect(violations("semantic/src/a.ts", `import { Scope } from "@kehu/operational-api";\nimport y from "./b.ts";`)).toEqual([]);
  });

  it("imports point left, through exports", () => {
    expect(sources.length).toBeGreaterThan(50);
    // Tests may import every room: what crosses rooms is tested too.
    const found = sources
      .filter((file) => !/\.test\.ts$|\/testing\.ts$/.test(file))
      .flatMap((file) => violations(file, readFileSync(join(root, file), "utf8")));
    expect(found).toEqual([]);
  });

  it("has no drawer for things without an owner", () => {
    const drawers = sources.filter((file) => /(^|\/)(utils?|helpers?|common|shared|misc|managers?)(\/|\.ts$)/.test(file));
    expect(drawers).toEqual([]);
  });

  it("resolves every workspace export to a file", () => {
    for (const room of rooms) {
      const manifest = JSON.parse(readFileSync(join(root, room, "package.json"), "utf8")) as {
        name: string;
        exports: Record<string, string>;
      };
      expect(manifest.name).toBe(`@kehu/${room}`);
      for (const path of Object.values(manifest.exports)) expect(existsSync(join(root, room, path)), `${room}: ${path}`).toBe(true);
    }
  });
});
