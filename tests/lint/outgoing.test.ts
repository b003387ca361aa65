import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const rooms = ["operational-api/src", "ingest/src", "models/runner", "models/fits", "semantic/src", "kehu", "portal/src/lib/server"];

/** What opens a connection: a call of `fetch` by itself, and the modules that can. Databases are named by the environment. */
const opens = /(?<![.\w])fetch\(\s*(?!`http:\/\/127\.0\.0\.1:)|from "(?:nodemailer|undici|node:(?:net|tls|http|https|http2|dgram)|ws)"/g;

/** Who may, and to where: listeners of ours, the mail server and the identity provider of the environment. */
const allowed: Readonly<Record<string, string>> = {
  "operational-api/src/auth/mail.ts": "KEHU_SMTP_URL",
};

/** It listens, or is a type. */
const isHarmless = (line: string): boolean =>
  line.startsWith("import type ") || /^import \{[^}]*\b(createServer|STATUS_CODES)\b[^}]*\}/.test(line);

it("the server calls nobody but its own processes and what its environment names", () => {
  const files = globSync(
    rooms.map((room) => `${room}/**/*.ts`),
    { cwd: root },
  ).filter((path) => !/\.test\.ts$|testing|fixture|paraglide|\/trial\//.test(path));
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((path) =>
    readFileSync(join(root, path), "utf8")
      .split("\n")
      .filter((line) => line.match(opens) && !isHarmless(line) && !(path in allowed))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});
