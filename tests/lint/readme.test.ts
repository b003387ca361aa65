import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { processConfigSpec } from "../../kehu/settings.ts";
import { serverConfigSpec } from "../../operational-api/src/server-config.ts";

const file = join(import.meta.dirname, "../../README.md");
const table = /(<!-- settings -->\n)([\s\S]*?)(\n\n)/;

/** The table of variables as the specs say it. `UPDATE_README=1 npx vitest run --project lint` writes it. */
const expected = [
  "| variable | meaning | default |",
  "|---|---|---|",
  ...[...Object.values(serverConfigSpec), ...Object.values(processConfigSpec)].map(
    ({ name, description, default: fallback }) =>
      `| \`${name}\` | ${description.replaceAll("|", "\\|")} | ${fallback === null ? "" : `\`${fallback}\``} |`,
  ),
].join("\n");

it("README lists every setting as it is", () => {
  const readme = readFileSync(file, "utf8");
  if (process.env.UPDATE_README) writeFileSync(file, readme.replace(table, `$1${expected}$3`));
  expect(readFileSync(file, "utf8")).toContain(expected);
});
