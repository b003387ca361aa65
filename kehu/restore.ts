import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { keptAside } from "@kehu/ingest";
import { foreignCluster, restoreCluster, startPostgres, verifyAudit } from "@kehu/operational-api";
import { ConfigError } from "@kehu/operational-api/definitions";
import { z } from "zod";
import { clusterFolder, readBackup, settingsName } from "./backup-manifest.ts";
import { holdDataDir, unfinishedRestore } from "./data-dir-lock.ts";
import { readSettings } from "./settings.ts";

const kept = z.object({ secret: z.string(), password: z.string() });

/** `kehu restore DIR`: lays a backup down in an empty data folder and starts its database once, so that it is known to be whole. */
export async function restore(argv: string[]): Promise<number> {
  const { positionals } = parseArgs({ args: argv, options: {}, allowPositionals: true });
  const [given] = positionals;
  if (positionals.length !== 1 || !given) throw new ConfigError("kehu restore takes a folder: kehu restore DIR");
  const settings = readSettings(process.env);
  if (settings.databaseUrl) throw new ConfigError("DATABASE_URL is set: kehu restore is for the embedded server; unset it");
  const { dataDir, warehouseDir } = settings;
  await mkdir(dataDir, { recursive: true });
  const found = await readdir(dataDir);
  if (found.length)
    throw new ConfigError(
      `KEHU_DATA_DIR ${dataDir} is not empty (${found.slice(0, 3).join(", ")}); a backup is restored into an empty folder`,
    );
  const dir = resolve(given);
  const manifest = await readBackup(dir);
  const reason = foreignCluster(manifest);
  if (reason) throw new ConfigError(`${dir} can't be restored here: ${reason}`);
  const { secret, password } = kept.parse(JSON.parse(await readFile(join(dir, settingsName), "utf8")));

  const release = await holdDataDir(dataDir);
  try {
    const marker = join(dataDir, unfinishedRestore);
    await writeFile(marker, dir, { flag: "wx" });
    await mkdir(warehouseDir, { recursive: true });
    await copyFile(join(dir, keptAside.mirror), join(warehouseDir, "mirror.duckdb"));
    await copyFile(join(dir, keptAside.fits), join(warehouseDir, "warehouse.duckdb"));
    // The secret that KEHU_SECRET gives is not ours to keep.
    await restoreCluster({
      dataDir,
      from: join(dir, clusterFolder),
      backup: manifest,
      runtime: { password, ...(settings.secret ? {} : { secret }) },
    });
    const postgres = await startPostgres({ dataDir });
    let proof;
    try {
      proof = await verifyAudit(postgres.url);
    } finally {
      await postgres.stop();
    }
    if (proof.fault)
      console.log(`note: the audit trail in the backup does not fit its seals (${proof.fault.what}); kehu audit verify tells where`);
    await rename(marker, `${marker}.done`);
    await rm(`${marker}.done`);
    console.log(`${dataDir} is as at ${manifest.completeTo} (${manifest.stopLsn}); ${proof.entries + proof.unsealed} audit entries`);
    console.log("kehu verify compares the mirror with Postgres; kehu start builds the figures anew.");
    return 0;
  } finally {
    await release();
  }
}
