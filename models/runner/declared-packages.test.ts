import { expect, it } from "vitest";
import { runModels } from "./run-models.ts";
import { writeProject } from "./testing.ts";

async function deps(files: Record<string, string>): Promise<{ lines: string[]; error: string | null }> {
  const lines: string[] = [];
  const { error } = await runModels({ command: "deps", projectDir: await writeProject(files), log: (line) => lines.push(line) });
  return { lines, error };
}

const utils = { "dbt_packages/dbt_utils/dbt_project.yml": "name: dbt_utils\nversion: '1.3.0'\n" };

it("says which packages are there, whatever way they are asked for", async () => {
  const { lines, error } = await deps({
    ...utils,
    "dbt_packages/dates/dbt_project.yml": "name: dates",
    "shared/dates/dbt_project.yml": "name: dates",
    "packages.yml": `
packages:
  - {package: dbt-labs/dbt_utils, version: [">=1.0.0", "<2.0.0"]}
  - {git: "https://example.com/x/dbt-utils.git", revision: main}
  - {local: shared/dates}`,
  });
  expect(error).toBeNull();
  expect(lines).toEqual([
    "dbt-labs/dbt_utils >=1.0.0, <2.0.0 (packages.yml): dbt_packages/dbt_utils, version 1.3.0",
    "https://example.com/x/dbt-utils.git main (packages.yml): dbt_packages/dbt_utils, version 1.3.0",
    "shared/dates (packages.yml): dbt_packages/dates, version not stated",
  ]);
});

it("names what is missing, what packages ask for too, and where to lay it", async () => {
  const { error } = await deps({
    ...utils,
    "dbt_packages/dbt_utils/packages.yml": "packages: [{package: x/inner}]",
    "dependencies.yml": "packages: [{package: dbt-labs/dbt_utils}, {git: https://example.com/x/many, subdirectory: packages/one}]",
  });
  expect(error).toBe(`nothing is downloaded: packages are laid into dbt_packages/ by hand, each a folder with its dbt_project.yml. Missing:
  https://example.com/x/many (dependencies.yml): lay it into dbt_packages/one/
  x/inner (dbt_packages/dbt_utils/packages.yml): lay it into dbt_packages/inner/`);
});

it.each([
  ["packages: [{name: x}]", /packages\.yml.*a package is "package", "git", "private", "local" or "tarball", found \{"name":"x"\}/],
  ["packages: [{local: nowhere}]", /the local package nowhere can't be read: no dbt_project\.yml in/],
])("says what is wrong in packages.yml: %s", async (text, message) => {
  expect((await deps({ "packages.yml": text })).error).toMatch(message);
});

it("is content without packages", async () => {
  expect(await deps({})).toEqual({ error: null, lines: ["neither packages.yml nor dependencies.yml asks for a package"] });
});
