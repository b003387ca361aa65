import { parseArgs } from "node:util";
import {
  createAuth,
  createDemoAccounts,
  demoAccountsOf,
  fillDemoCompany,
  hasCompany,
  migrate,
  removeDemoAccounts,
  removeDemoCompany,
  startPostgres,
  type Auth,
} from "@kehu/operational-api";
import { ConfigError, clockFrom, createLogger, ensureSecret, type ServerConfig } from "@kehu/operational-api/definitions";
import { readSettings } from "./settings.ts";

interface Size {
  customers?: number;
  years?: number;
  seed?: number;
  until?: Date;
}

/** Fills the empty company and makes the demo accounts, under one password of this installation. */
export async function fillDemo(options: {
  auth: Auth;
  config: ServerConfig & { databaseUrl: string; secret: string };
  size: Size;
  say: (line: string) => void;
}): Promise<void> {
  const { auth, config, size, say } = options;
  const startedAt = performance.now();
  const counts = await fillDemoCompany({
    url: config.databaseUrl,
    until: size.until ?? clockFrom(config)(),
    timezone: config.timezone,
    currency: config.currency,
    ...(size.customers === undefined ? {} : { customers: size.customers }),
    ...(size.years === undefined ? {} : { years: size.years }),
    ...(size.seed === undefined ? {} : { seed: size.seed }),
    onProgress: ({ customers, of }) => say(`demo company: ${customers} of ${of} customers`),
  });
  await ensureDemoAccounts(auth);
  const listed = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  say(`demo company: ${listed.join(", ")} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

/** A start that was killed between the company and its accounts is mended by the next one. Does nothing where the company is not the demo's. */
export async function ensureDemoAccounts(auth: Auth): Promise<void> {
  await createDemoAccounts(auth, await demoAccountsOf(auth.pool));
}

function wholeNumber(name: string, text: string | undefined, from: number, to: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < from || value > to)
    throw new ConfigError(`--${name} is ${text}; allowed: a whole number from ${from} to ${to}`);
  return value;
}

function instant(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const value = new Date(text);
  if (Number.isNaN(value.getTime()))
    throw new ConfigError(`--until is ${text}; allowed: a date or instant such as 2026-06-30 or 2026-06-30T09:00:00Z`);
  return value;
}

/** `kehu demo [--customers N --years Y --seed S --until DATE]`, `kehu demo --remove`. */
export async function demo(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      customers: { type: "string" },
      years: { type: "string" },
      seed: { type: "string" },
      until: { type: "string" },
      remove: { type: "boolean", default: false },
    },
  });
  const until = instant(values.until);
  const customers = wholeNumber("customers", values.customers, 10, 1_000_000);
  const years = wholeNumber("years", values.years, 1, 20);
  const seed = wholeNumber("seed", values.seed, 0, 2 ** 31 - 1);
  const size: Size = {
    ...(customers && { customers }),
    ...(years && { years }),
    ...(seed !== undefined && { seed }),
    ...(until && { until }),
  };
  const settings = readSettings(process.env);
  const secret = await ensureSecret(settings);
  const postgres = settings.databaseUrl ? null : await startPostgres({ dataDir: settings.dataDir });
  const config = { ...settings, databaseUrl: settings.databaseUrl ?? postgres?.url ?? "", secret };
  let auth: Auth | null = null;
  try {
    await migrate(config.databaseUrl, config);
    auth = createAuth({
      url: config.databaseUrl,
      config,
      internalSecret: null,
      logger: createLogger({ service: "demo", level: settings.logLevel }),
    });
    if (values.remove) {
      await removeDemoCompany({ url: config.databaseUrl });
      await removeDemoAccounts(auth);
      console.log("the demo company and its accounts are removed");
      return 0;
    }
    if (await hasCompany({ url: config.databaseUrl })) {
      throw new ConfigError(
        "the company is not empty; kehu demo fills an empty one (kehu demo --remove takes an earlier demo company away)",
      );
    }
    await fillDemo({ auth, config, size, say: (line) => console.log(line) });
    return 0;
  } finally {
    await auth?.close();
    // An adopted server belongs to a running kehu.
    if (postgres && !postgres.adopted) await postgres.stop();
  }
}
