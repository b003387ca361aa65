import { readFileSync } from "node:fs";
import { chmod, mkdir, readdir, realpath, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { keepAside, keptAside, openWarehouse } from "@kehu/ingest";
import { holdWriters, proofOf, readRuntime, takeBaseBackup, type BackedUpFile } from "@kehu/operational-api";
import { ConfigError, ensureSecret } from "@kehu/operational-api/definitions";
import { clusterFolder, settingsName, writeManifest } from "./backup-manifest.ts";
import { withCompanyDatabase } from "./company-database.ts";
import { isHeld } from "./data-dir-lock.ts";
import { readProcesses } from "./processes-file.ts";
import { readSettings, type Settings } from "./settings.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

async function emptyFolder(given: string): Promise<string> {
  await mkdir(given, { recursive: true, mode: 0o700 });
  const dir = await realpath(given);
  const found = await readdir(dir);
  if (found.length)
    throw new ConfigError(`${dir} is not empty (${found.slice(0, 3).join(", ")}); give an empty folder, or one that is not there`);
  await chmod(dir, 0o700); // it will hold the secret
  return dir;
}

/** Has the process that holds the warehouse's files copy them; without one they are opened here. */
async function keepWarehouseAside(settings: Settings, dir: string): Promise<void> {
  const processes = (await isHeld(settings.dataDir)) ? await readProcesses(settings.dataDir) : null;
  if (processes?.ports.warehouse) {
    const answer = await fetch(`http://127.0.0.1:${processes.ports.warehouse}/internal/keep-aside`, {
      method: "POST",
      headers: { "x-kehu-internal": processes.internalSecret, "content-type": "application/json" },
      body: JSON.stringify({ dir }),
    });
    if (!answer.ok) throw new Error(`the warehouse process answered ${answer.status}: ${await answer.text()}`);
    return;
  }
  const warehouse = await openWarehouse({ dir: settings.warehouseDir });
  try {
    await keepAside(warehouse, dir);
  } finally {
    warehouse.close();
  }
}

/** `kehu backup DIR`: the company's Postgres, settings, change log and fits, while it runs or not. */
export async function backup(argv: string[]): Promise<number> {
  const { positionals } = parseArgs({ args: argv, options: {}, allowPositionals: true });
  const [given] = positionals;
  if (positionals.length !== 1 || !given) throw new ConfigError("kehu backup takes a folder: kehu backup DIR");
  const settings = readSettings(process.env);
  if (settings.databaseUrl)
    throw new ConfigError("DATABASE_URL names a server of your own: back it up with its tools; kehu backup is for the embedded one");
  const dir = await emptyFolder(resolve(given));
  const startedAt = new Date().toISOString();
  const secret = await ensureSecret(settings);
  await withCompanyDatabase(settings, async (url) => {
    const others: BackedUpFile[] = [];
    let completeTo = "";
    let letGo = (): Promise<void> => Promise.resolve();
    try {
      const base = await takeBaseBackup({
        url,
        target: join(dir, clusterFolder),
        beforeEnd: async () => {
          await keepWarehouseAside(settings, dir);
          const { password } = await readRuntime(settings.dataDir);
          await writeFile(join(dir, settingsName), JSON.stringify({ secret, password }), { mode: 0o600, flag: "wx", flush: true });
          for (const path of [settingsName, ...Object.values(keptAside)]) others.push({ path, ...(await proofOf(join(dir, path))) });
          letGo = await holdWriters(url);
          completeTo = new Date().toISOString();
        },
      });
      const platform = `${process.platform}-${process.arch}`;
      await writeManifest(dir, { version, startedAt, completeTo, platform, others, ...base });
      const bytes = [...base.files, ...others].reduce((sum, file) => sum + file.bytes, 0);
      console.log(`${dir}: ${(bytes / 2 ** 20).toFixed(1)} MiB, complete to ${completeTo} (${base.stopLsn})`);
    } catch (error) {
      await letGo();
      throw error;
    }
    // Writers of a running company go on when this process is gone: whatever is acknowledged before its end is in the backup.
    if (await isHeld(settings.dataDir)) process.exit(0);
    await letGo();
  });
  return 0;
}
