import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  advancePointer,
  parseLsn,
  publishSnapshot,
  readPointer,
  snapshotsFolder,
  type AppliedEvent,
  type Mirror,
  type Retention,
  type SnapshotPointer,
  type Warehouse,
} from "@kehu/ingest";
import { publishCatalogue } from "../lineage/published-catalogue.ts";
import { loadProject } from "../load-project.ts";
import type { Project, Settings } from "../resources.ts";
import { BuildFailure, runBuild, type BuildOutcome } from "./build.ts";
import { ChangedRows } from "./changed-rows.ts";
import { companyDay, untilMidnight } from "./company-day.ts";
import { DirtyTables } from "./dirty-tables.ts";
import { createFitStep, type FitStep } from "./fit-step.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { prepareLedger, readLedger } from "./ledger.ts";
import { isOfThisHour, slowMartsTable } from "./slow-marts.ts";
import { hasHourlyModels, rawTables } from "./plan.ts";

export interface LiveLogger {
  /** Where the time of each build went. */
  debug?(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LiveBuilderOptions {
  warehouse: Warehouse;
  mirror: Pick<Mirror, "applied" | "onApplied" | "waitFor">;
  /** Folder of dbt_project.yml. Its sources read the catalog `mirror`. */
  projectDir: string;
  /** The project's variables; `timezone` decides the company's midnight, `as_of` is set by each build. */
  vars: Settings;
  /** The business now. */
  clock: () => Date;
  /** Whether the project's statistical fits are run, once each company day; default false. */
  runsFits?: boolean;
  /** For how many months gone by fits that can leave out what came later are run as well, once; default 0. For companies whose past is made up: elsewhere nobody published those results. */
  pastFitMonths?: number;
  /** Least time between two publishes. */
  publishSeconds: number;
  logger: LiveLogger;
  /** Models built at once; default 2. */
  threads?: number;
  keep?: Retention;
}

export interface LiveStatus {
  /** The last published build. */
  build: string | null;
  /** Why the last attempt published nothing. */
  failure: string | null;
}

export interface LiveBuilder {
  /** Builds what is missing and follows the mirror from then on. Resolves at the first publish, or at once when a snapshot is already served. */
  start(): Promise<void>;
  /** Ends after the build that is running. */
  stop(): Promise<void>;
  /** Called after each publish. Returns the function that ends it. */
  onPublished(listener: (pointer: SnapshotPointer) => void): () => void;
  /** Called when an attempt published nothing: the failed nodes are in a BuildFailure. */
  onFailed(listener: (error: unknown) => void): () => void;
  /** Rebuilds everything, as after a change of the company's settings. */
  requestFullBuild(): void;
  /** Builds everything, and runs the statistical fits on that, whatever the day. */
  requestFits(): void;
  status(): LiveStatus;
}

/** A quiet mirror's newer time is written into the pointer this often at most. */
const advanceMs = 2_000;
/** A full disk, a lost connection: not the data's fault, so tried again without a change. */
const outageRetryMs = 10_000;
const hourMs = 3_600_000;

/** Keeps the published snapshot up with the mirror: cut, build, test, publish. */
export function createLiveBuilder(options: LiveBuilderOptions): LiveBuilder {
  const { warehouse, mirror, logger, clock } = options;
  const published = new Set<(pointer: SnapshotPointer) => void>();
  const failed = new Set<(error: unknown) => void>();
  const stopping = new AbortController();
  const status: LiveStatus = { build: null, failure: null };
  const connections: DuckDBConnection[] = [];
  let running: Promise<void> | undefined;
  let nextHour: NodeJS.Timeout | undefined;
  let forget: (() => void) | undefined;

  // What is to be done.
  let dirty = new DirtyTables(new Set());
  let full = false;
  /** The models that wait for the full hour are due. */
  let hourly = false;
  /** The company's midnight has passed. */
  let isNewDay = false;
  /** Results of fits wait to be stored or to be read by models. */
  let fitted = false;
  /** A finished build that is not published yet. */
  let unpublished: { build: string; outcome: BuildOutcome } | undefined;
  /** Where the mirror is, when that is not yet in the pointer. */
  let quiet: AppliedEvent | undefined;
  /** Counts what may make another attempt worth while. */
  let news = 0;
  /** `news` at the last failure: until there is more, trying again would fail again. */
  let failedAt: number | undefined;
  /** For failures that are not the data's: when to try again without news. */
  let retryAt = Number.POSITIVE_INFINITY;
  let wake: () => void = () => undefined;

  let project: Project | undefined;
  let changes: ChangedRows | undefined;
  let fits: FitStep | undefined;
  let hasHourly = false;
  let fingerprint = "";
  let builtDay = "";
  let sequence = 0;
  let lastPublish = Number.NEGATIVE_INFINITY;
  let lastAdvance = Number.NEGATIVE_INFINITY;
  let lastBuildMs = 0;
  let lastCopyMs = 0;

  const timeZone = (): string => String({ ...project?.settings.vars, ...options.vars }.timezone ?? "UTC");
  const rest = (ms: number): Promise<void> =>
    ms > 0 ? delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined) : Promise.resolve();

  function buildId(): string {
    const second = clock().toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
    return `${second}-${String(++sequence).padStart(6, "0")}`;
  }

  function heard(event: AppliedEvent): void {
    if (dirty.add(event)) news++;
    quiet = event;
    wake();
  }

  function demandFull(): void {
    full = true;
    news++;
    wake();
  }

  function takeUpFits(): void {
    fitted = true;
    news++;
    wake();
  }

  /** Wakes at the full hour and at the company's midnight. */
  function armTimer(): void {
    const now = clock();
    // A timer of a day would drift when the machine sleeps; and midnight is not at a full hour everywhere.
    const wait = Math.min(untilMidnight(now, timeZone()), hourMs - (now.getTime() % hourMs)) + 50;
    nextHour = setTimeout(() => {
      isNewDay = companyDay(clock(), timeZone()) !== builtDay;
      hourly = hasHourly;
      if (isNewDay || hourly) {
        news++;
        wake();
      }
      armTimer();
    }, wait);
    nextHour.unref();
  }

  async function buildOnce(): Promise<void> {
    if (!project || !changes) throw new Error("the builder was not started");
    const started = performance.now();
    const asOf = clock();
    const day = companyDay(asOf, timeZone());
    const newDay = day !== builtDay;
    const { overdue } = changes;
    if (connections[0] && (await fits?.store(connections[0]))) fitted = true;
    const hasResults = fitted;
    const build = buildId();
    const outcome = await runBuild({
      project,
      mirror,
      connections,
      build,
      fingerprint,
      companyDay: day,
      asOf,
      now: clock,
      reason: () => (full ? "all" : { changed: dirty.list(), hourly, newDay, overdue, fitted: hasResults }),
      changes,
    });
    await describe(asOf);
    dirty.clearUpTo(outcome.lsn);
    full = false;
    hourly = false;
    isNewDay = false;
    if (hasResults) fitted = false;
    builtDay = day;
    unpublished = { build, outcome: mergeChanged(unpublished?.outcome, outcome) };
    lastBuildMs = performance.now() - started;
    reportBuild(build, outcome);
  }

  /** What the snapshot says of its models. Figures don't wait for it: when it can't be written, the one before stays. */
  async function describe(asOf: Date): Promise<void> {
    const [connection] = connections;
    if (!project || !connection) throw new Error("the builder was not started");
    const described = { ...project, vars: { ...project.vars, as_of: asOf.toISOString() } };
    await publishCatalogue(connection, described, fingerprint).catch((error: unknown) =>
      logger.error({ err: error }, "the catalogue of models could not be written; the earlier one stays"),
    );
  }

  function reportBuild(build: string, { drifts, results }: BuildOutcome): void {
    const slowest = results.toSorted((one, other) => other.executionTime - one.executionTime);
    const nodes = slowest.map(({ name, executionTime }) => `${Math.round(executionTime * 1000)} ms ${name}`);
    logger.debug?.({ build, ms: Math.round(lastBuildMs), nodes }, "built");
    if (drifts?.length === 0) logger.info({ build }, "builds by parts and a whole build are equal");
    else if (drifts)
      logger.error({ build, drifts }, "builds by parts had come to other rows than a whole build; the whole one's are in place now");
  }

  async function publish(): Promise<void> {
    if (!unpublished) return;
    const { build, outcome } = unpublished;
    const { lsn, freshTo, failedTests, changed } = outcome;
    const begun = performance.now();
    const pointer = await publishSnapshot(warehouse, {
      build,
      lsn,
      freshTo,
      failedTests,
      changed,
      clock,
      beforeServing: () => {
        lastCopyMs = performance.now() - begun;
        return rest(lastPublish + options.publishSeconds * 1000 - performance.now());
      },
      ...(options.keep && { keep: options.keep }),
    });
    lastPublish = performance.now();
    lastAdvance = lastPublish;
    unpublished = undefined;
    status.build = build;
    status.failure = null;
    logger.info({ build, lsn, freshTo, failedTests, changed, ms: Math.round(lastBuildMs) }, "published");
    for (const listener of published) listener(pointer);
    fits?.published(pointer);
  }

  /** Nothing the snapshot states has changed: only its freshness moves. */
  async function advance(): Promise<void> {
    const event = quiet;
    quiet = undefined;
    lastAdvance = performance.now();
    const pointer = await readPointer(warehouse.dir);
    // A pinned snapshot stays as it is.
    if (!event || !pointer || pointer.build !== status.build) return;
    if (parseLsn(event.lsn) < parseLsn(pointer.lsn) || event.at <= pointer.freshTo) return;
    await advancePointer(warehouse.dir, { lsn: event.lsn, freshTo: event.at });
  }

  async function attempt(): Promise<void> {
    failedAt = undefined;
    const newsBefore = news;
    try {
      if (needsBuild()) {
        await rest(lastPublish + options.publishSeconds * 1000 - lastBuildMs - lastCopyMs - performance.now());
        if (stopping.signal.aborted) return;
        await buildOnce();
      }
      await publish();
    } catch (error) {
      failedAt = newsBefore;
      retryAt = error instanceof BuildFailure ? Number.POSITIVE_INFINITY : performance.now() + outageRetryMs;
      report(error);
    }
  }

  function report(error: unknown): void {
    status.failure = error instanceof Error ? error.message : String(error);
    // Part of the marts may be newer than the rest: the next build makes at least the same ones again, since nothing was cleared.
    if (error instanceof BuildFailure) {
      const nodes = error.failed.map(({ name: node, status: outcome, message, failures }) => ({ node, outcome, message, failures }));
      logger.error({ failed: nodes }, "a build failed; the earlier snapshot stays until the next change");
    } else logger.error({ err: error }, "a build could not be made or published; the earlier snapshot stays until the next change");
    for (const listener of failed) listener(error);
  }

  const needsBuild = (): boolean => full || hourly || isNewDay || fitted || !dirty.isEmpty;
  const isDue = (): boolean => needsBuild() || unpublished !== undefined;

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      const wakeAt = failedAt === news ? retryAt : quiet ? lastAdvance + advanceMs : Number.POSITIVE_INFINITY;
      const isTime = performance.now() >= wakeAt;
      if (isDue() && (failedAt !== news || isTime)) await attempt();
      else if (quiet && failedAt !== news && isTime) await advance().catch(report);
      else await Promise.race([woken, ...(wakeAt === Number.POSITIVE_INFINITY ? [] : [rest(wakeAt - performance.now())])]);
    }
  }

  async function prepare(): Promise<void> {
    const threads = options.threads ?? 2;
    const target = { name: "kehu", catalog: "warehouse", schema: "main", threads };
    project = await loadProject({ projectDir: options.projectDir, target, vars: { ...options.vars, as_of: clock().toISOString() } });
    changes = new ChangedRows(project);
    hasHourly = hasHourlyModels(project);
    for (let index = 0; index < threads; index++) connections.push(await warehouse.connect());
    const [connection] = connections;
    if (!connection) throw new Error("the builder needs at least one thread");
    await prepareLedger(connection);
    await connection.run(slowMartsTable);
    if (options.runsFits) {
      fits = createFitStep({
        project,
        projectDir: options.projectDir,
        clock,
        logger,
        pastMonths: options.pastFitMonths ?? 0,
        onReady: takeUpFits,
      });
      await fits.prepare(connection);
    }
    fingerprint = await fingerprintOf(project);
    const ledger = await readLedger(connection);
    const pointer = await readPointer(warehouse.dir);
    sequence = Math.max(sequenceOf(ledger?.build), sequenceOf(pointer?.build));
    builtDay = ledger?.companyDay ?? "";
    status.build = pointer?.build ?? null;
    dirty = new DirtyTables(rawTables(project));
    // Staging tables are of the ledger's position, and what changed since is in the mirror's log.
    const isWhole =
      ledger !== null && ledger.isFinished && ledger.fingerprint === fingerprint && (await isPublished(warehouse.dir, ledger.build));
    full = !isWhole;
    isNewDay = builtDay !== companyDay(clock(), timeZone());
    // A full hour may have struck since they were made; within the same hour nothing waits.
    hourly = hasHourly && !(await isOfThisHour(connection, clock()));
    if (pointer && !full) fits?.published(pointer);
    forget = mirror.onApplied(heard);
    const applied = mirror.applied();
    if (isWhole && applied && applied.lsn !== ledger.lsn) heard({ ...applied, tables: [...rawTables(project)] });
  }

  return {
    async start() {
      await prepare();
      armTimer();
      const first = new Promise<void>((resolve) => {
        const done = (): void => {
          published.delete(done);
          failed.delete(done);
          resolve();
        };
        published.add(done);
        failed.add(done);
      });
      running = follow();
      if (status.build === null) await first;
    },
    async stop() {
      stopping.abort();
      wake();
      clearTimeout(nextHour);
      await fits?.stop();
      forget?.();
      await running;
      for (const connection of connections) connection.closeSync();
    },
    onPublished(listener) {
      published.add(listener);
      return () => void published.delete(listener);
    },
    onFailed(listener) {
      failed.add(listener);
      return () => void failed.delete(listener);
    },
    requestFullBuild: demandFull,
    requestFits() {
      if (!fits) return;
      fits.request();
      demandFull();
    },
    status: () => ({ ...status }),
  };
}

/** Whether a build became a snapshot that is still kept; which one is served may have been chosen by hand. */
async function isPublished(dir: string, build: string): Promise<boolean> {
  const names = await readdir(snapshotsFolder(dir));
  return names.includes(`${build}.json`);
}

/** The number at the end of a build's id; 0 for none. */
const sequenceOf = (build: string | undefined): number => Number(/-(\d+)$/.exec(build ?? "")?.[1] ?? 0);

/** A build that was not published still counts among what the next publish changed. */
function mergeChanged(earlier: BuildOutcome | undefined, later: BuildOutcome): BuildOutcome {
  return earlier ? { ...later, changed: [...new Set([...earlier.changed, ...later.changed])] } : later;
}
