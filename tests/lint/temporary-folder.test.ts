import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { enterTemporaryFolder } from "../temporary-folder.ts";

let place: string;
const { TMPDIR: before } = process.env;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "kehu-place-"));
  process.env.TMPDIR = place;
});
afterEach(async () => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  await rm(place, { recursive: true, force: true });
});

/** The id of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid!;
}

it("what a run puts among the temporary files goes with it, and what a killed one left with the next", async () => {
  const left = join(place, `kehu-trial-${await endedProcess()}`);
  await mkdir(join(left, "kehu-project-1"), { recursive: true });
  const others = [`kehu-trial-${process.ppid}`, "kehu-trial-notes", "kehu-trials-1"];
  for (const other of others) await mkdir(join(place, other));

  const leave = await enterTemporaryFolder("trial");
  expect(existsSync(left)).toBe(false);
  const mine = join(place, `kehu-trial-${process.pid}`);
  expect(tmpdir()).toBe(mine);
  await writeFile(join(await mkdtemp(join(tmpdir(), "kehu-semantic-")), "left.duckdb"), "");
  await leave();
  expect(tmpdir()).toBe(place);
  expect((await readdir(place)).toSorted()).toEqual(others.toSorted());
}, 30_000);
