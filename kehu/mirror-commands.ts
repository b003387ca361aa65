import { parseArgs } from "node:util";
import { openWarehouse, syncOnce, verify, type MirrorProblem, type Verification } from "@kehu/ingest";
import { startPostgres } from "@kehu/operational-api";
import { ConfigError, createLogger, type Logger } from "@kehu/operational-api/definitions";
import { isHeld } from "./data-dir-lock.ts";
import { readProcesses } from "./processes-file.ts";
import { readSettings, type Settings } from "./settings.ts";

/** A Postgres and a file of one's own; null: the company's. */
interface Elsewhere {
  source: string;
  schema: string;
  database: string;
}

function elsewhereFrom(argv: string[]): Elsewhere | null {
  const { values } = parseArgs({
    args: argv,
    options: { once: { type: "boolean" }, source: { type: "string" }, schema: { type: "string" }, database: { type: "string" } },
  });
  if (values.source) {
    if (!values.database) throw new ConfigError("--source needs --database FILE, the DuckDB file of that mirror");
    return { source: values.source, schema: values.schema ?? "public", database: values.database };
  }
  if (values.database || values.schema) throw new ConfigError("--database and --schema go with --source URL");
  return null;
}

/** Verifies the company's own mirror: asks the process that holds the files, or opens them when none runs. */
async function verifyCompany(settings: Settings, logger: Logger): Promise<Verification> {
  const processes = (await isHeld(settings.dataDir)) ? await readProcesses(settings.dataDir) : null;
  if (processes?.ports.warehouse) {
    const answer = await fetch(`http://127.0.0.1:${processes.ports.warehouse}/internal/verify`, {
      method: "POST",
      headers: { "x-kehu-internal": processes.internalSecret },
    });
    const body = (await answer.json()) as Verification & { error?: string };
    if (!answer.ok) throw new Error(body.error ?? `the warehouse process answered ${answer.status}`);
    return body;
  }
  const postgres = settings.databaseUrl ? null : await startPostgres({ dataDir: settings.dataDir, logger });
  const warehouse = await openWarehouse({ dir: settings.warehouseDir });
  try {
    return await verify({ source: settings.databaseUrl ?? postgres?.url ?? "", schema: "crm", warehouse, logger });
  } finally {
    warehouse.close();
    await postgres?.stop();
  }
}

function tellProblems(problems: readonly MirrorProblem[]): void {
  for (const { table, column, what, remedy } of problems) {
    const about = [table, column].filter((name) => name !== null).join(".");
    console.log(`NOT MIRRORED ${about}${about ? ": " : ""}${what}. What to do: ${remedy}`);
  }
}

/** `kehu sync --once`: brings the mirror up to the source's current LSN, then stops. */
export async function sync(argv: string[]): Promise<number> {
  if (!argv.includes("--once")) throw new ConfigError("kehu sync takes --once; the continuous mirror is part of kehu start");
  const settings = readSettings(process.env);
  const logger = createLogger({ service: "sync", level: settings.logLevel });
  const elsewhere = elsewhereFrom(argv);
  if (elsewhere) {
    const { lsn, problems } = await syncOnce({ ...elsewhere, logger });
    tellProblems(problems);
    console.log(`${elsewhere.database} is at ${lsn}`);
    return 0;
  }
  // Comparing begins with catching up, and the company's own mirror has no other use for a catch-up without its processes.
  const { lsn } = await verifyCompany(settings, logger);
  console.log(`the mirror is at ${lsn}`);
  return 0;
}

/** `kehu verify`: row count and checksum of every mirrored table against Postgres at one LSN; 1 and the differing keys when they differ. */
export async function verifyMirror(argv: string[]): Promise<number> {
  const settings = readSettings(process.env);
  const logger = createLogger({ service: "verify", level: settings.logLevel });
  const elsewhere = elsewhereFrom(argv);
  const result = elsewhere ? await verify({ ...elsewhere, logger }) : await verifyCompany(settings, logger);
  for (const { table, rows, mirroredRows, equal } of result.tables) {
    console.log(`${equal ? "ok    " : "DIFFER"} ${table}: ${rows} rows${rows === mirroredRows ? "" : `, ${mirroredRows} mirrored`}`);
  }
  for (const { table, keys } of result.differs) {
    console.log(`${table}: ${keys.slice(0, 20).join("; ")}${keys.length > 20 ? ` and ${keys.length - 20} more` : ""}`);
  }
  tellProblems(result.problems);
  console.log(`compared at ${result.lsn}`);
  return result.differs.length ? 1 : 0;
}
