import { randomBytes } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import type { Logger } from "pino";
import { findBinaries } from "./binaries.ts";
import { databaseName, ensureCluster, hasCluster, ownerRole } from "./cluster.ts";
import { placeServer } from "./placement.ts";
import { findRunning, freePort, launch, stopServer, untilGone, waitUntilReady } from "./postmaster.ts";
import { readRuntime, runtimePath, updateRuntime } from "./runtime-file.ts";

export interface RunningPostgres {
  /** `postgres://…` of the owner role and the database `kehu`. Holds the password: not for logs. */
  url: string;
  /** Fast shutdown; resolves when the process is gone. */
  stop(): Promise<void>;
  /** True when the server was running already, left behind by a killed parent. */
  adopted: boolean;
  pid: number;
  /** Resolves when the process is gone, whoever ended it. Noticed within half a second; does not keep this process alive. */
  ended: Promise<void>;
}

const attempts = 50;

/**
 * The embedded Postgres of a data directory: made if there is none, adopted if one runs, started otherwise, with an empty database `kehu` at least.
 * Listens on 127.0.0.1 only, on a port that is kept from start to start while it stays free. Throws with the server's own words when it does not start.
 */
export async function startPostgres(options: { dataDir: string; logger?: Logger }): Promise<RunningPostgres> {
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  let runtime = await readRuntime(dataDir);
  const { account, cluster } = await placeServer(dataDir, runtime);
  if (runtime.password === undefined && (await hasCluster(cluster))) {
    throw new Error(`${cluster} is there, but ${runtimePath(dataDir)}, which holds its password, is gone: restore it from a backup`);
  }
  // Written before initdb: a cluster without its password would be lost.
  runtime = await updateRuntime(dataDir, {
    password: runtime.password ?? randomBytes(24).toString("base64url"),
    port: runtime.port ?? (await freePort()),
  });
  const password = runtime.password ?? "";
  const urlAt = (port: number, database: string): string =>
    `postgres://${ownerRole}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;

  const finish = async (pid: number, port: number, adopted: boolean): Promise<RunningPostgres> => {
    if (runtime.port !== port) await updateRuntime(dataDir, { port });
    await ensureDatabase(urlAt(port, "postgres"));
    options.logger?.info({ pid, port, cluster, adopted }, "Postgres ready");
    return { url: urlAt(port, databaseName), stop: () => stopServer(pid), adopted, pid, ended: untilGone(pid) };
  };

  const running = await findRunning(cluster);
  if (running?.wanted && (await waitUntilReady(cluster, running.pid))) return finish(running.pid, running.port, true);
  if (running) await stopServer(running.pid);

  const binaries = await findBinaries(account, dataDir);
  const { created } = await ensureCluster({ cluster, account, binaries, password });
  if (created) options.logger?.info({ cluster }, "Postgres cluster made");

  let port = runtime.port ?? (await freePort());
  for (let attempt = 1; ; attempt++) {
    const started = await launch({ program: binaries.postgres, cluster, account, port, logFile: join(dataDir, "postgres.log") });
    if ("pid" in started) return finish(started.pid, port, false);
    if (started.failure === "other" || attempt === attempts) throw new Error(`Postgres does not start:\n${started.words}`);
    if (started.failure === "port") port = await freePort();
    else await pause(200); // backends of a killed postmaster are still ending
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [databaseName]);
    // template0 carries the cluster's locale and nothing a user may have put into template1.
    if (rowCount === 0) await client.query(`create database ${databaseName} template template0`);
  } finally {
    await client.end();
  }
}
