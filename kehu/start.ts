import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { readPointer } from "@kehu/ingest";
import {
  createAuth,
  ensureAdministrator,
  ensureDefaultPipeline,
  hasCompany,
  listDemoAccounts,
  migrate,
  startPostgres,
} from "@kehu/operational-api";
import { ConfigError, createLogger, ensureSecret, exposureRefusals, type Logger } from "@kehu/operational-api/definitions";
import { ensureDemoAccounts, fillDemo } from "./demo.ts";
import { holdDataDir } from "./data-dir-lock.ts";
import { services, type Service } from "./messages.ts";
import { removeProcesses, writeProcesses } from "./processes-file.ts";
import { childEnvironment, readSettings, type Settings } from "./settings.ts";
import { createSupervisor } from "./supervisor.ts";

/** SIGTERM must end everything within 10 s. */
const childGraceMs = 7_000;
const firstSnapshotMs = 120_000;

/** `kehu start`: Postgres, migrations, the first administrator, the demo company, then the services until SIGTERM or SIGINT. */
export async function start(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { only: { type: "string" } } });
  const wanted = servicesFrom(values.only);
  const settings = readSettings(process.env);
  refuse(exposureRefusals(settings, false));
  const logger = createLogger({ service: "supervisor", level: settings.logLevel });
  const say = (line: string): void => console.log(line);

  if (wanted.includes("web")) await refuseTakenPort(settings);
  const release = await mkdir(settings.dataDir, { recursive: true })
    .then(() => holdDataDir(settings.dataDir))
    .catch((error: NodeJS.ErrnoException): never => {
      if (!error.code) throw error;
      throw new ConfigError(`KEHU_DATA_DIR is "${settings.dataDir}" (${error.code}); allowed: a folder that this user may write to`);
    });
  const stopRequested = new Promise<void>((resolve) => {
    process.on("SIGTERM", resolve);
    process.on("SIGINT", resolve);
  });

  const secret = await ensureSecret(settings);
  let postgres = settings.databaseUrl ? null : await startPostgres({ dataDir: settings.dataDir, logger });
  const databaseUrl = settings.databaseUrl ?? postgres?.url ?? "";
  let isCutShort = false;
  try {
    const preparing = prepare({ ...settings, databaseUrl, secret }, logger, say);
    const prepared = await Promise.race([preparing, stopRequested.then(() => null)]);
    if (!prepared) {
      isCutShort = true;
      // Its database is about to go, and nobody waits for it any more: what breaks now ends nothing but itself.
      preparing.catch((error: unknown) => logger.debug({ err: error }, "cut short"));
      process.on("uncaughtException", (error) => logger.debug({ err: error }, "cut short"));
      return 0;
    }
    const { administrator, demoAccounts } = prepared;

    const internalSecret = randomBytes(32).toString("base64url");
    const env = childEnvironment(process.env, {
      databaseUrl,
      secret,
      internalSecret,
      demo: settings.demo,
      isDemoCompany: demoAccounts > 0,
    });
    const supervisor = createSupervisor({
      env,
      logger,
      onPorts: (ports) => {
        writeProcesses(settings.dataDir, { internalSecret, ports }).catch((error: unknown) =>
          logger.error({ err: error }, "other commands can't find the processes"),
        );
      },
    });
    const up = (async () => {
      await Promise.all(wanted.map((service) => supervisor.start(service)));
      if (wanted.includes("warehouse")) await firstSnapshot(settings.warehouseDir);
      announce(settings.url, administrator, demoAccounts, say);
    })();
    // A child that dies while starting is restarted by the supervisor, but the start itself has failed: say so and stop.
    const failed = up.then(
      () => new Promise<never>(() => {}),
      (error: unknown) => error,
    );
    let stopping = false;
    const revived = (async (): Promise<unknown> => {
      while (postgres) {
        await postgres.ended;
        if (stopping) break;
        logger.error("Postgres ended, starting it again");
        postgres = await startPostgres({ dataDir: settings.dataDir, logger });
        // The children know the database by its address; it stays the same unless somebody took the port in between.
        if (postgres.url !== databaseUrl) throw new Error("Postgres came back on another port; start kehu again");
      }
      return new Promise<never>(() => {});
    })().catch((error: unknown) => error);
    const failure = await Promise.race([stopRequested.then(() => null), failed, revived]);
    stopping = true;
    await supervisor.stop(childGraceMs);
    if (failure) throw failure;
    return 0;
  } finally {
    await postgres?.stop();
    await removeProcesses(settings.dataDir);
    await release();
    // Migrations and the demo company are transactions: they end with the process, and the next start begins them anew.
    if (isCutShort) process.exit(0);
  }
}

/** Before anything else: a first start would fill the company for half a minute and then fail. */
async function refuseTakenPort({ port, host }: Settings): Promise<void> {
  const server = createServer();
  const listening = new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  await listening.catch((error: NodeJS.ErrnoException): never => {
    const reason = error.code === "EADDRINUSE" ? "it is taken" : error.code;
    throw new ConfigError(`PORT is ${port}, and on HOST ${host} nothing can listen there (${reason}); allowed: a port that is free`);
  });
  await new Promise((resolve) => server.close(resolve));
}

/** The database as the services need it: migrated, with an administrator, and with the demo company when that is wanted and nothing is there. */
async function prepare(
  config: Settings & { databaseUrl: string; secret: string },
  logger: Logger,
  say: (line: string) => void,
): Promise<{ administrator: { email: string; password: string | null } | null; demoAccounts: number }> {
  await migrate(config.databaseUrl, config);
  const auth = createAuth({ url: config.databaseUrl, config, internalSecret: null, logger });
  try {
    refuse(exposureRefusals(config, (await listDemoAccounts(auth)).length > 0));
    const administrator = await ensureAdministrator(auth, config);
    if (config.demo && !(await hasCompany({ url: config.databaseUrl }))) await fillDemo({ auth, config, size: {}, say });
    else if (config.demo) await ensureDemoAccounts(auth);
    await ensureDefaultPipeline(config.databaseUrl);
    return { administrator, demoAccounts: (await listDemoAccounts(auth)).length };
  } finally {
    await auth.close();
  }
}

function servicesFrom(only: string | undefined): Service[] {
  if (only === undefined) return [...services];
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !services.some((service) => service === name));
  if (unknown.length) throw new ConfigError(`--only names ${unknown.join(", ")}; allowed: ${services.join(", ")}`);
  return services.filter((service) => names.includes(service));
}

function refuse(reasons: string[]): void {
  if (reasons.length) throw new ConfigError(reasons.join("\nkehu: "));
}

async function firstSnapshot(warehouseDir: string): Promise<void> {
  const deadline = Date.now() + firstSnapshotMs;
  while (!(await readPointer(warehouseDir))) {
    if (Date.now() > deadline) throw new Error(`no snapshot was published within ${firstSnapshotMs / 1000} s; see the log above`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function announce(
  url: string,
  administrator: { email: string; password: string | null } | null,
  demoAccounts: number,
  say: (line: string) => void,
): void {
  say(`Kehu is at ${url}`);
  if (administrator?.password) say(`Administrator: ${administrator.email}, password ${administrator.password} (shown only now)`);
  else if (administrator) say(`Administrator: ${administrator.email}, with the password given`);
  if (demoAccounts) say(`Demo accounts (executive, sales manager, rep, analyst) are listed on the sign-in page: ${url}/sign-in`);
  say("Stop with Ctrl-C.");
}
