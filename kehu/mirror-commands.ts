import { join } from "node:path";
import { parseArgs } from "node:util";
import { syncOnce, verify } from "@kehu/ingest";
import { ConfigError, createLogger, startPostgres } from "@kehu/operational-api";
import { readSettings, type Settings } from "./settings.ts";

interface Place {
  source: string;
  schema: string;
  database: string;
  release: () => Promise<void>;
}

/** Which Postgres and which file a mirror command is about: the company's own unless others are named. */
async function placeFrom(argv: string[], settings: Settings): Promise<Place> {
  const { values } = parseArgs({
    args: argv,
    options: { once: { type: "boolean" }, source: { type: "string" }, schema: { type: "string" }, database: { type: "string" } },
  });
  if (values.source) {
    if (!values.database) throw new ConfigError("--source needs --database FILE, the DuckDB file of that mirror");
    return { source: values.source, schema: values.schema ?? "public", database: values.database, release: async () => {} };
  }
  if (values.database || values.schema) throw new ConfigError("--database and --schema go with --source URL");
  const database = join(settings.warehouseDir, "mirror.duckdb");
  if (settings.databaseUrl) return { source: settings.databaseUrl, schema: "crm", database, release: async () => {} };
  const postgres = await startPostgres({ dataDir: settings.dataDir });
  // An adopted server belongs to a running kehu; one that was started for this command ends with it.
  return { source: postgres.url, schema: "crm", database, release: postgres.adopted ? async () => {} : () => postgres.stop() };
}

/** `kehu sync --once`: brings the mirror up to the source's current LSN, then stops. */
export async function sync(argv: string[]): Promise<number> {
  if (!argv.includes("--once")) throw new ConfigError("kehu sync takes --once; the continuous mirror is part of kehu start");
  const settings = readSettings(process.env);
  const place = await placeFrom(argv, settings);
  try {
    const logger = createLogger({ service: "sync", level: settings.logLevel });
    const result = await syncOnce({ source: place.source, schema: place.schema, database: place.database, logger });
    console.log(`${place.database} is at ${result.lsn}`);
    return 0;
  } finally {
    await place.release();
  }
}

/** `kehu verify`: row count and checksum of every mirrored table against Postgres at one LSN; 1 and the differing keys when they differ. */
export async function verifyMirror(argv: string[]): Promise<number> {
  const settings = readSettings(process.env);
  const place = await placeFrom(argv, settings);
  try {
    const result = await verify({ source: place.source, schema: place.schema, database: place.database });
    for (const table of result.tables) console.log(`${table.matches ? "ok    " : "DIFFER"} ${table.name}: ${table.rows} rows`);
    for (const { table, keys } of result.differs) console.log(`${table}: ${keys.slice(0, 20).join(", ")}${keys.length > 20 ? ` and ${keys.length - 20} more` : ""}`);
    console.log(`compared at ${result.lsn}`);
    return result.differs.length ? 1 : 0;
  } finally {
    await place.release();
  }
}
