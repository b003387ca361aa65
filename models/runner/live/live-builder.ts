import { setTimeout as delay } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { AppliedEvent, Mirror, Retention, SnapshotPointer, Warehouse } from "@kehu/ingest";
import { publishCatalogue } from "../lineage/published-catalogue.ts";
import { loadProject } from "../load-project.ts";
import type { Project, Settings } from "../resources.ts";
import { Agenda } from "./agenda.ts";
import { runBuild } from "./build.ts";
import { logBuild, logFailure, type LiveLogger } from "./build-log.ts";
import { ChangedRows } from "./changed-rows.ts";
import { companyDay, untilMidnight } from "./company-day.ts";
import { createFitStep, type FitStep } from "./fit-step.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { prepareLedger } from "./ledger.ts";
import { BuildFailure } from "./make-nodes.ts";
import { isOfThisHour, slowMartsTable } from "./slow-marts.ts";
import { hasHourlyModels, rawTables } from "./plan.ts";
import { Publisher } from "./publisher.ts";
import { readLastState } from "./resume.ts";
import { closeWorkArea } from "./work-area.ts";

export type { LiveLogger } from "./build-log.ts";

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

  const agenda = new Agenda();
  const { signal } = stopping;
  const publisher = new Publisher({ warehouse, clock, publishSeconds: options.publishSeconds, keep: options.keep, signal });
  /** Where the mirror is, when that is not yet in the pointer. */
  let quiet: AppliedEvent | undefined;
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
  let lastBuildMs = 0;

  const timeZone = (): string => String({ ...project?.settings.vars, ...options.vars }.timezone ?? "UTC");
  const rest = (ms: number): Promise<void> => (ms > 0 ? delay(ms, undefined, { signal }).catch(() => undefined) : Promise.resolve());

  function buildId(): string {
    const second = clock().toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
    return `${second}-${String(++sequence).padStart(6, "0")}`;
  }

  function heard(event: AppliedEvent): void {
    agenda.heard(event);
    quiet = event;
    wake();
  }

  function demandFull(): void {
    agenda.demandAll();
    wake();
  }

  function takeUpFits(): void {
    agenda.takeUpResults();
    wake();
  }

  /** Wakes at the full hour and at the company's midnight. */
  function armTimer(): void {
    const now = clock();
    // A timer of a day would drift when the machine sleeps; and midnight is not at a full hour everywhere.
    const wait = Math.min(untilMidnight(now, timeZone()), hourMs - (now.getTime() % hourMs)) + 50;
    nextHour = setTimeout(() => {
      agenda.strike({ hour: hasHourly, day: companyDay(clock(), timeZone()) !== builtDay });
      wake();
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
    if (connections[0] && (await fits?.store(connections[0]))) agenda.keepResults();
    const fitted = agenda.hasResults;
    const build = buildId();
    const outcome = await runBuild({
      project,
      mirror,
      connections,
      threads: warehouse.threads,
      build,
      fingerprint,
      companyDay: day,
      asOf,
      now: clock,
      reason: () => agenda.reason({ newDay, overdue, fitted }),
      changes,
    });
    await describe(asOf);
    agenda.settle(outcome.lsn, fitted);
    builtDay = day;
    publisher.put(build, outcome);
    lastBuildMs = performance.now() - started;
    logBuild(logger, build, lastBuildMs, outcome);
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

  async function publish(): Promise<void> {
    const pointer = await publisher.publish();
    if (!pointer) return;
    const { build, lsn, freshTo, failedTests, changed } = pointer;
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
    if (event) await publisher.advance(event, status.build);
  }

  async function attempt(): Promise<void> {
    const fail = agenda.attempt();
    try {
      if (agenda.needsBuild) {
        await publisher.restBeforeBuild(lastBuildMs);
        if (signal.aborted) return;
        await buildOnce();
      }
      await publish();
      if (connections[0]) await closeWorkArea(connections[0]);
    } catch (error) {
      fail();
      retryAt = error instanceof BuildFailure ? Number.POSITIVE_INFINITY : performance.now() + outageRetryMs;
      report(error);
    }
  }

  function report(error: unknown): void {
    status.failure = error instanceof Error ? error.message : String(error);
    logFailure(logger, error);
    for (const listener of failed) listener(error);
  }

  const isDue = (): boolean => agenda.needsBuild || publisher.isWaiting;

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      const { isStuck } = agenda;
      const wakeAt = isStuck ? retryAt : quiet ? publisher.lastAdvance + advanceMs : Number.POSITIVE_INFINITY;
      const isTime = performance.now() >= wakeAt;
      if (isDue() && (!isStuck || isTime)) await attempt();
      else if (quiet && !isStuck && isTime) await advance().catch(report);
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
    const last = await readLastState(connection, warehouse.dir, fingerprint);
    ({ builtDay, sequence } = last);
    status.build = last.pointer?.build ?? null;
    agenda.follow(rawTables(project));
    if (last.lsn === null) agenda.demandAll();
    // A full hour may have struck since they were made; within the same hour nothing waits.
    const hour = hasHourly && !(await isOfThisHour(connection, clock()));
    agenda.strike({ hour, day: builtDay !== companyDay(clock(), timeZone()) });
    if (last.pointer && last.lsn !== null) fits?.published(last.pointer);
    forget = mirror.onApplied(heard);
    const applied = mirror.applied();
    // Staging tables are of the last position, and what changed since is in the mirror's log.
    if (last.lsn !== null && applied && applied.lsn !== last.lsn) heard({ ...applied, tables: [...rawTables(project)] });
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
