import type { DuckDBConnection } from "@duckdb/node-api";
import type { Mirror } from "./mirror/mirror.ts";
import { prepareStore } from "./mirror/mirror-store.ts";
import type { MirrorProblem } from "./mirror/problems.ts";
import type { MirrorLogger } from "./mirror/session.ts";
import { verify } from "./verify.ts";
import type { Verification } from "./verify.ts";
import type { Warehouse } from "./warehouse.ts";

/** What a comparison of the whole mirror with its source found; a row of `mirror.meta.mirror_checks`. */
export interface MirrorCheck {
  /** RFC 3339 UTC, its end. */
  at: string;
  lsn: string;
  tables: number;
  /** Rows compared, those of the source. */
  rows: number;
  seconds: number;
  /** Tables that were not equal. */
  differing: string[];
  /** What was not compared, because it is not mirrored. */
  problems: MirrorProblem[];
}

/** Null before the first. */
export async function readLastCheck(connection: DuckDBConnection): Promise<MirrorCheck | null> {
  const result = await connection.runAndReadAll(
    `select strftime(timezone('UTC', checked_at), '%Y-%m-%dT%H:%M:%S.%gZ') as at, lsn, tables, row_count::double as rows, seconds,
       differing::varchar as differing, problems::varchar as problems
     from meta.mirror_checks order by rowid desc limit 1`,
  );
  const [row] = result.getRowObjectsJS();
  if (!row) return null;
  return {
    at: String(row.at),
    lsn: String(row.lsn),
    tables: Number(row.tables),
    rows: Number(row.rows),
    seconds: Number(row.seconds),
    differing: JSON.parse(String(row.differing)) as string[],
    problems: JSON.parse(String(row.problems)) as MirrorProblem[],
  };
}

const kept = 400;

async function recordCheck(connection: DuckDBConnection, check: MirrorCheck): Promise<void> {
  const { at, lsn, tables, rows, seconds, differing, problems } = check;
  await connection.run("insert into meta.mirror_checks values ($1::timestamptz, $2, $3::integer, $4::bigint, $5::double, $6, $7)", [
    at,
    lsn,
    tables,
    rows,
    seconds,
    JSON.stringify(differing),
    JSON.stringify(problems),
  ]);
  // By the order of their writing: the clock may have been put back between two of them.
  await connection.run(
    `delete from meta.mirror_checks where rowid not in (select rowid from meta.mirror_checks order by rowid desc limit ${kept})`,
  );
}

export interface SelfCheckOptions {
  warehouse: Warehouse;
  /** It stands still while it is compared. */
  mirror: Mirror;
  source: string;
  schema: string;
  clock: () => Date;
  logger: MirrorLogger;
  /** Default once a day. */
  everyMs?: number;
  /** The first one waits so long, as a start has other things to do. */
  firstMs?: number;
}

export interface SelfCheck {
  /** Compares now, as `verify`, and keeps what was found. */
  check(): Promise<Verification>;
  last(): MirrorCheck | null;
  stop(): Promise<void>;
}

const dayMs = 24 * 3_600_000;
const tenMinutesMs = 600_000;

/** Compares the mirror with its source from time to time; a difference is an error in the log. */
export async function startSelfCheck(options: SelfCheckOptions): Promise<SelfCheck> {
  const { warehouse, mirror, source, schema, clock, logger, everyMs = dayMs, firstMs = tenMinutesMs } = options;
  const connection = await warehouse.connect();
  await prepareStore(connection);
  let last = await readLastCheck(connection);
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let stopped = false;

  async function check(): Promise<Verification> {
    const started = performance.now();
    const result = await verify({ source, schema, warehouse, mirror, logger });
    last = {
      at: clock().toISOString(),
      lsn: result.lsn,
      tables: result.tables.length,
      rows: result.tables.reduce((sum, { rows }) => sum + rows, 0),
      seconds: Math.round((performance.now() - started) / 100) / 10,
      differing: result.differs.map(({ table }) => table),
      problems: result.problems,
    };
    await recordCheck(connection, last);
    if (last.differing.length > 0) logger.error({ tables: last.differing, lsn: last.lsn }, "the mirror differs from its source");
    return result;
  }
  /** A clock that was put back or far ahead must not keep the next one from coming. */
  const untilNext = (): number => {
    const age = last ? clock().getTime() - Date.parse(last.at) : Infinity;
    return Math.min(Math.max(everyMs - Math.max(age, 0), firstMs), everyMs);
  };
  const plan = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = check().then(plan, (error: unknown) => {
        logger.error({ err: error }, "the mirror could not be compared with its source");
        if (!stopped) timer = setTimeout(plan, firstMs);
      });
    }, untilNext());
    timer.unref();
  };
  plan();
  return {
    check,
    last: () => last,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
      connection.closeSync();
    },
  };
}
