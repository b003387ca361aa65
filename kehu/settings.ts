import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { ConfigError, oneOf, readConfig, readServerConfig, variable, type ServerConfig } from "@kehu/operational-api/definitions";

/** Settings of the processes, beside those of the operational API. */
export const processConfigSpec = {
  publishSeconds: variable({
    name: "KEHU_PUBLISH_SECONDS",
    description: "Least time between two published snapshots.",
    default: "2",
    allowed: "a number of seconds from 0.1 to 3600",
    parse: (text) => {
      const value = Number(text);
      return value >= 0.1 && value <= 3600 ? value : undefined;
    },
  }),
  logLevel: variable({
    name: "KEHU_LOG_LEVEL",
    description: "How much is logged to standard error.",
    default: "warn",
    allowed: "trace, debug, info, warn or error",
    parse: oneOf("trace", "debug", "info", "warn", "error"),
  }),
};

export interface Settings extends ServerConfig {
  publishSeconds: number;
  logLevel: string;
  /** Folder of mirror.duckdb, warehouse.duckdb and snapshots/. */
  warehouseDir: string;
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const server = readServerConfig(env);
  return { ...server, ...readConfig(processConfigSpec, env), warehouseDir: join(server.dataDir, "warehouse") };
}

/** What a child gets from the supervisor beside the settings: the database that runs, and the secret between the processes. */
export interface ChildSettings extends Settings {
  databaseUrl: string;
  secret: string;
  internalSecret: string;
  /** The company that runs was made up: its past may be made up to the end, with forecasts that would have been published. */
  isDemoCompany: boolean;
}

export const childEnvironment = (
  env: NodeJS.ProcessEnv,
  given: { databaseUrl: string; secret: string; internalSecret: string; demo: boolean; isDemoCompany: boolean },
): NodeJS.ProcessEnv => ({
  ...env,
  DATABASE_URL: given.databaseUrl,
  KEHU_SECRET: given.secret,
  KEHU_INTERNAL_SECRET: given.internalSecret,
  KEHU_DEMO: given.demo ? "1" : "0",
  KEHU_IS_DEMO_COMPANY: given.isDemoCompany ? "1" : "0",
});

export function readChildSettings(env: NodeJS.ProcessEnv): ChildSettings {
  const settings = readSettings(env);
  const { databaseUrl, secret } = settings;
  const internalSecret = env.KEHU_INTERNAL_SECRET;
  if (!databaseUrl || !secret || !internalSecret)
    throw new ConfigError("a child process is started by kehu start, which gives it its settings");
  return { ...settings, databaseUrl, secret, internalSecret, isDemoCompany: env.KEHU_IS_DEMO_COMPANY === "1" };
}

/** One budget for all DuckDB instances of the machine: DuckDB alone would take 80 % for each. */
const shares = { warehouse: 0.25, query: 0.35, sandbox: 0.25 } as const;

export const memoryShareMiB = (service: keyof typeof shares): number => Math.floor((totalmem() * shares[service]) / 2 ** 20);

export const duckdbBudget = (service: keyof typeof shares): { memoryLimit: string; threads: number } => ({
  memoryLimit: `${memoryShareMiB(service)}MiB`,
  threads: availableParallelism(),
});
