import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "kehu-start-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `kehu start` with these settings, until it ends by itself or says a line that `stopAt` knows and gets SIGTERM. */
async function start(env: Record<string, string>, options: { args?: string[]; stopAt?: RegExp } = {}) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../kehu.ts"), "start", ...(options.args ?? [])], {
    env: { ...process.env, KEHU_DATA_DIR: join(folder, "data"), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  let stoppedAt: number | null = null;
  const read = (chunk: Buffer): void => {
    printed += chunk.toString();
    if (stoppedAt === null && options.stopAt?.test(printed)) {
      stoppedAt = performance.now();
      child.kill("SIGTERM");
    }
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const [code] = (await once(child, "exit")) as [number | null];
  return { code, printed, stopMs: stoppedAt === null ? null : performance.now() - stoppedAt };
}

const freePort = async (): Promise<string> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
};

it("says in one line that the port is taken, before it makes anything", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { code, printed } = await start({ PORT: String((other.address() as AddressInfo).port) });
  other.close();
  expect(printed).toMatch(/^kehu: PORT is \d+, .*it is taken.*allowed: a port that is free\n$/);
  expect(code).toBe(2);
});

it("says in one line that the data folder cannot be one", async () => {
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  const { code, printed } = await start({ PORT: await freePort(), KEHU_DATA_DIR: file });
  expect(printed).toBe(`kehu: KEHU_DATA_DIR is "${file}" (EEXIST); allowed: a folder that this user may write to\n`);
  expect(code).toBe(2);
});

it("says in one line that it does not know an option", async () => {
  const { code, printed } = await start({}, { args: ["--bogus"] });
  expect(printed).toMatch(/^kehu: Unknown option '--bogus'.*\n$/);
  expect(code).toBe(2);
});

it("ends within ten seconds of SIGTERM also while it fills the demo company", async () => {
  const dataDir = join(folder, "filling");
  const { code, stopMs, printed } = await start(
    { PORT: await freePort(), KEHU_DATA_DIR: dataDir, KEHU_DEMO: "1" },
    { stopAt: /demo company: \d+ of \d+/ },
  );
  expect(stopMs, printed).toBeLessThan(10_000);
  expect(code, printed).toBe(0);
  expect(printed).not.toMatch(/Unhandled|demo company: .* in [\d.]+ s/);
}, 120_000);
