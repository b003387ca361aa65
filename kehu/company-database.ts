import { readRuntime, startPostgres } from "@kehu/operational-api";
import { ConfigError } from "@kehu/operational-api/definitions";
import type { Settings } from "./settings.ts";

/** Runs `work` with the owner's address of the company's database; an embedded server that was not running is started for it, and stopped again. */
export async function withCompanyDatabase<Result>(settings: Settings, work: (databaseUrl: string) => Promise<Result>): Promise<Result> {
  if (settings.databaseUrl) return work(settings.databaseUrl);
  const { password } = await readRuntime(settings.dataDir);
  if (password === undefined) throw new ConfigError(`there is no company in KEHU_DATA_DIR ${settings.dataDir}; give the folder of one`);
  const postgres = await startPostgres({ dataDir: settings.dataDir });
  try {
    return await work(postgres.url);
  } finally {
    // An adopted server belongs to a running kehu.
    if (!postgres.adopted) await postgres.stop();
  }
}
