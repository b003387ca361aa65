import { existsSync } from "node:fs";
import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runModels } from "./run-models.ts";
import { writeProject } from "./testing.ts";

const clean = (projectDir: string): Promise<{ exitCode: number; error: string | null }> => runModels({ command: "clean", projectDir });
const projectWith = (targets: string): Promise<string> =>
  writeProject({
    "dbt_project.yml": `name: shop\n${targets}`,
    "models/a.sql": "select 1 as x",
    "target/manifest.json": "{}",
    "logs/dbt.log": "x",
  });

it("removes the target folder, or the folders that the project names", async () => {
  const plain = await projectWith("");
  expect(await clean(plain)).toMatchObject({ exitCode: 0, error: null });
  expect([existsSync(join(plain, "target")), existsSync(join(plain, "logs")), existsSync(join(plain, "models/a.sql"))]).toEqual([
    false,
    true,
    true,
  ]);
  const named = await projectWith("clean-targets: [logs, not_there]");
  expect(await clean(named)).toMatchObject({ exitCode: 0 });
  expect([existsSync(join(named, "target")), existsSync(join(named, "logs"))]).toEqual([true, false]);
});

it.each([
  ["..", /"\.\." is not a folder inside the project; nothing was removed/],
  [".", /"\." is not a folder inside the project/],
  ["/", /"\/" is not a folder inside the project/],
  ["models", /"models" would remove models\/, which holds the project's own files/],
  ["models/staging", /would remove models\//],
  ["outside/deeper", /"outside\/deeper" is not a folder inside the project/],
])("refuses %s, before it removes anything", async (path, message) => {
  const folder = await projectWith(`clean-targets: [target, "${path}"]`);
  const elsewhere = await mkdtemp(join(tmpdir(), "kehu-clean-"));
  await mkdir(join(elsewhere, "deeper"));
  await writeFile(join(elsewhere, "deeper", "kept"), "");
  await symlink(elsewhere, join(folder, "outside"));
  expect(await clean(folder)).toMatchObject({ exitCode: 2, error: expect.stringMatching(message) });
  expect([existsSync(join(folder, "target")), existsSync(join(elsewhere, "deeper", "kept"))]).toEqual([true, true]);
});

it("removes a link and leaves what it leads to", async () => {
  const folder = await projectWith("clean-targets: [outside]");
  const elsewhere = await mkdtemp(join(tmpdir(), "kehu-clean-"));
  await writeFile(join(elsewhere, "kept"), "");
  await symlink(elsewhere, join(folder, "outside"));
  expect(await clean(folder)).toMatchObject({ exitCode: 0 });
  expect([existsSync(join(folder, "outside")), existsSync(join(elsewhere, "kept"))]).toEqual([false, true]);
});
