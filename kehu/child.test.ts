import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const command = fileURLToPath(new URL("../kehu.ts", import.meta.url));

test("a child that can't be started says why and ends, so that it is started again", async () => {
  const child = fork(command, ["child", "sandbox"], { env: { PATH: process.env.PATH }, stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "exit")) as [number | null];
  expect([code, said]).toEqual([1, expect.stringContaining("started by kehu start, which gives it its settings") as string]);
});
