import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { auditActions } from "#lib/audit-titles.ts";

const root = join(import.meta.dirname, "../../..");

test("O18: every action that is written into the audit trail has a title", () => {
  const sources = globSync(["operational-api/src/{auth,routes,records,audit,store}/**/*.ts", "kehu/*.ts"], { cwd: root })
    .filter((path) => !/\.test\.ts$|testing/.test(path))
    .map((path) => readFileSync(join(root, path), "utf8"));
  const accounts = readFileSync(join(root, "operational-api/src/auth/account-audit.ts"), "utf8");
  const union = /AccountAction =([^;]*);/.exec(accounts)?.[1] ?? "";
  const written = new Set([
    ...sources.flatMap((source) => [...source.matchAll(/(?:addAuditEntry|audit)\(\s*transaction,\s*"(\w+)"/g)].map((match) => match[1]!)),
    ...sources.flatMap((source) => [...source.matchAll(/changeHolder\("\w+", "(\w+)"/g)].map((match) => match[1]!)),
    ...[...union.matchAll(/"(\w+)"/g)].map((match) => match[1]!),
  ]);
  expect(written.size).toBeGreaterThan(20);
  expect([...written].filter((action) => !auditActions.includes(action))).toEqual([]);
});
