import { Worker } from "node:worker_threads";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { SnapshotPointer } from "@kehu/ingest";
import { createFitTables, fitTablesOf, fitTableSql, type FitTable } from "../fits/fit-tables.ts";
import { fitFiles } from "../fits/load-fits.ts";
import { keepFitRun, type FitRun } from "../fits/run-fit.ts";
import type { Project } from "../resources.ts";
import { companyDay } from "./company-day.ts";
import type { FitWork } from "./fit-worker.ts";
import { unfinishedSql } from "./ledger.ts";
import type { LiveLogger } from "./live-builder.ts";

export interface FitStepOptions {
  project: Project;
  projectDir: string;
  clock: () => Date;
  logger: LiveLogger;
  /** For how many months gone by the fits that can are run too, where no run is as old; 0 for none. */
  pastMonths: number;
  /** Results wait to be stored: a build of what reads them is wanted. */
  onReady: () => void;
}

/** The statistical fits beside the live builds: once a company day, on a published snapshot, never in the way of a build. */
export interface FitStep {
  /** Reads when the fits last ran. Before anything else. */
  prepare(connection: DuckDBConnection): Promise<void>;
  /** A snapshot is served: computes the fits on it when they are due. */
  published(pointer: SnapshotPointer): void;
  /** Runs the fits with the next publish, whatever the day. */
  request(): void;
  /** Writes the results that wait, and tells whether there were any. Between two builds. */
  store(connection: DuckDBConnection): Promise<boolean>;
  /** Gives up what is being computed. */
  stop(): Promise<void>;
}

/** A company without data is looked at again after this long: an import may have come. */
const emptyRetryMs = 3_600_000;

export function createFitStep(options: FitStepOptions): FitStep {
  const { project, clock, logger } = options;
  const tables = fitTablesOf(project);
  const timeZone = String(project.vars.timezone ?? "UTC");
  let files: readonly string[] = [];
  let worker: Worker | undefined;
  let ended: Promise<void> = Promise.resolve();
  let waiting: FitRun[] = [];
  let isRequested = false;
  let isStopping = false;
  /** The company day of the last run. */
  let lastDay = "";
  /** Runs for months gone by are still to be made. */
  let lacksPast = false;
  /** When the last run found nothing to learn from. */
  let lastEmpty = Number.NEGATIVE_INFINITY;

  const isDue = (): boolean => {
    const now = clock();
    return isRequested || companyDay(now, timeZone) !== lastDay || now.getTime() - lastEmpty >= emptyRetryMs;
  };

  function remember(asOf: Date, isEmpty: boolean): void {
    lastDay = companyDay(asOf, timeZone);
    lastEmpty = isEmpty ? asOf.getTime() : Number.POSITIVE_INFINITY;
  }

  /** The cuts at the starts of the last months, the earliest first. */
  function pastCuts(): FitWork["cuts"] {
    const [year = 0, month = 0] = companyDay(clock(), timeZone).split("-").map(Number);
    return Array.from({ length: options.pastMonths }, (_, index) => {
      // Noon: the same day of the calendar in the company's zone, whichever it is but those at the date line.
      const asOf = new Date(Date.UTC(year, month - 1 - options.pastMonths + index, 1, 12));
      return { asOf, today: companyDay(asOf, timeZone) };
    });
  }

  async function computePast(pointer: SnapshotPointer): Promise<void> {
    lacksPast = false;
    const runs = await inThread(workOn(pointer, pastCuts(), true));
    // Tables that hold the last run only keep today's.
    const isKept = (fit: string, name: string): boolean => tables.some((table) => table.fit === fit && table.name === name && table.isKept);
    waiting = runs.map((run) => ({
      ...run,
      tables: Object.fromEntries(Object.entries(run.tables).filter(([name]) => isKept(run.fit, name))),
    }));
    if (waiting.length > 0) options.onReady();
  }

  function workOn(pointer: SnapshotPointer, cuts: FitWork["cuts"], arePast: boolean): FitWork {
    const models = [...project.nodes.values()].filter((node) => node.resourceType === "model");
    return {
      files,
      snapshot: pointer.file,
      models: models.map((node) => ({ name: node.name, schema: node.schema, identifier: node.alias })),
      cuts,
      arePast,
      vars: project.vars,
    };
  }

  /** Up to the thread's start without a pause, so that there is never a second one. */
  async function compute(pointer: SnapshotPointer): Promise<void> {
    const asOf = clock();
    isRequested = false;
    // Also when it fails: trying again at once would fail again.
    remember(asOf, false);
    waiting = await inThread(workOn(pointer, [{ asOf, today: companyDay(asOf, timeZone) }], false));
    remember(
      asOf,
      waiting.every(({ sample }) => sample === 0),
    );
    options.onReady();
  }

  function inThread(work: FitWork): Promise<FitRun[]> {
    const thread = new Worker(new URL("./fit-worker.ts", import.meta.url), { workerData: work });
    worker = thread;
    return new Promise<FitRun[]>((resolve, reject) => {
      thread.once("message", (runs: FitRun[]) => resolve(runs));
      thread.once("error", reject);
      thread.once("exit", (code) => reject(new Error(`the thread that computes fits ended with ${code} before it had any`)));
    }).finally(() => (worker = undefined));
  }

  async function hasPast(record: FitTable, connection: DuckDBConnection): Promise<boolean> {
    const [earliest] = pastCuts();
    if (!earliest) return true;
    const result = await connection.run(
      `select exists(from ${fitTableSql(record)} where as_of <= timestamptz '${earliest.asOf.toISOString()}')`,
    );
    return (await result.getRowsJS())[0]?.[0] === true;
  }

  async function keep(computed: FitRun, connection: DuckDBConnection): Promise<void> {
    const { fit, status, sample, remark, seconds } = await keepFitRun({ ...computed, fittedAt: clock() }, tables, connection);
    const fields = { fit, sample, remark, ms: Math.round(seconds * 1000) };
    if (status === "failed") logger.warn(fields, "a fit failed; its last good result stays");
    else logger.info(fields, "fitted");
  }

  return {
    async prepare(connection) {
      files = await fitFiles(options.projectDir);
      await createFitTables(tables, connection);
      const record = tables.find((table) => table.fit === null);
      if (!record) return;
      const result = await connection.run(
        `select max(as_of), bool_and(coalesce(sample, 1) = 0) from ${fitTableSql(record)} group by as_of order by as_of desc limit 1`,
      );
      const [last] = await result.getRowsJS();
      if (last?.[0] instanceof Date) remember(last[0], last[1] === true);
      lacksPast = options.pastMonths > 0 && !(await hasPast(record, connection));
    },
    published(pointer) {
      if (worker || waiting.length > 0 || isStopping || files.length === 0) return;
      const isNow = isDue();
      if (!isNow && !lacksPast) return;
      ended = (isNow ? compute(pointer) : computePast(pointer)).catch((error: unknown) => {
        if (!isStopping) logger.error({ err: error }, "the fits could not be computed; earlier results stay");
      });
    },
    request() {
      isRequested = true;
    },
    async store(connection) {
      const runs = waiting;
      waiting = [];
      if (runs.length === 0) return false;
      // Should the process end before the models have read them, the next one builds everything.
      await connection.run(unfinishedSql);
      for (const run of runs)
        await keep(run, connection).catch((error: unknown) =>
          logger.error({ err: error, fit: run.fit }, "a fit's run could not be recorded"),
        );
      return true;
    },
    async stop() {
      isStopping = true;
      await worker?.terminate();
      await ended;
    },
  };
}
