import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { entities } from "../../operational-api/src/entities/index.ts";
import { publishedAggregates } from "../../operational-api/src/auth/permissions.ts";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

interface ModelFile {
  models?: { name: string; config?: { meta?: Meta }; meta?: Meta }[];
}
interface Meta {
  scope?: "none" | { entity?: string | string[] };
}

it("O2: every mart's scope names what a role can be granted, so that somebody can read it", () => {
  const grantable = new Set<string>([...entities.map(({ name }) => name), ...publishedAggregates]);
  const marts = globSync(["models/models/marts/**/*.yml", "models/models/reports/**/*.yml"], { cwd: root }).flatMap(
    (path) => (parse(readFileSync(join(root, path), "utf8")) as ModelFile).models ?? [],
  );
  expect(marts.length).toBeGreaterThan(50);
  const unreadable = marts.flatMap(({ name, meta, config }) => {
    const scope = (meta ?? config?.meta)?.scope;
    const named = scope === "none" ? [] : [scope?.entity ?? "nothing"].flat();
    return named.filter((entity) => !grantable.has(entity)).map((entity) => `${name}: ${entity}`);
  });
  expect(unreadable).toEqual([]);
});
