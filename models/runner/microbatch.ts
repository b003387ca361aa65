import { ProjectError, UsageError, didYouMean } from "./errors.ts";
import type { Node } from "./resources.ts";

/** `[start, end)`, in UTC. */
export interface Span {
  start: Date;
  end: Date;
}

/** How the batches of a model ended. */
export interface BatchResults {
  successful: Span[];
  failed: Span[];
}

/** One span of a model that is built piece by piece. */
export interface Batch extends Span {
  /** `20240131`, `20240131T05`, as dbt names them. */
  id: string;
  /** The first of a table that is built anew. */
  isFirst: boolean;
}

const sizes = ["hour", "day", "month", "year"] as const;
type BatchSize = (typeof sizes)[number];

export interface Microbatch {
  /** The column of the model's own rows. */
  eventTime: string;
  batches: Batch[];
}

export const isMicrobatch = ({ config }: Node): boolean =>
  config.materialized === "incremental" && config.incremental_strategy === "microbatch";

/**
 * The batches of one build, oldest first: those of the span `times` (`--event-time-start` and `--event-time-end`), or all since `begin` for a table that is
 * made anew, else the current one and `lookback` before it. `only`: exactly these, into a table that is there. Raises ProjectError when the model's configuration misses something.
 */
export function microbatchOf(
  node: Node,
  { isNew, now, times, only }: { isNew: boolean; now: Date; times: Span | undefined; only?: readonly Span[] | undefined },
): Microbatch {
  const { config, file } = node;
  const eventTime = config.event_time;
  if (typeof eventTime !== "string")
    throw new ProjectError(`${file}: incremental_strategy microbatch needs event_time, the column that says when a row happened`);
  const size = sizes.find((one) => one === config.batch_size);
  if (!size)
    throw new ProjectError(
      `${file}: batch_size must be one of ${sizes.join(", ")}, found ${JSON.stringify(config.batch_size ?? null)}.${didYouMean(String(config.batch_size), sizes)}`,
    );
  if (only) return { eventTime, batches: only.map(({ start, end }) => ({ id: idOf(start, size), start, end, isFirst: false })) };
  const begin = readBegin(config.begin, file);
  const lookback = config.lookback === undefined ? 1 : Number(config.lookback);
  if (!Number.isInteger(lookback) || lookback < 0)
    throw new ProjectError(`${file}: lookback is a whole number of batches from 0, found ${JSON.stringify(config.lookback)}`);
  const end = times?.end ?? shifted(floorOf(now, size), size, 1);
  const start = times ? floorOf(times.start, size) : isNew ? floorOf(begin, size) : shifted(floorOf(now, size), size, -lookback);
  const batches: Batch[] = [];
  for (let from = start; from < end; from = shifted(from, size, 1)) {
    const next = shifted(from, size, 1);
    batches.push({ id: idOf(from, size), start: from, end: next < end ? next : end, isFirst: isNew && batches.length === 0 });
  }
  return { eventTime, batches };
}

function readBegin(value: unknown, file: string): Date {
  const begin = typeof value === "string" ? readTime(value) : null;
  if (begin) return begin;
  throw new ProjectError(
    `${file}: begin must be the day of the oldest batch, such as "2024-01-01", found ${JSON.stringify(value ?? null)}`,
  );
}

/** A day or an instant; without a zone it is meant in UTC. */
function readTime(text: string): Date | null {
  const iso = text.trim().replace(" ", "T");
  const hasTime = iso.includes("T");
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/.test(iso) && hasTime;
  const time = new Date(hasTime && !hasZone ? `${iso}Z` : iso);
  return Number.isNaN(time.getTime()) ? null : time;
}

/** The two flags, which go together. Raises UsageError. */
export function readEventTimes(start: string | undefined, end: string | undefined): Span | undefined {
  if (start === undefined && end === undefined) return undefined;
  if (start === undefined || end === undefined)
    throw new UsageError("--event-time-start and --event-time-end go together: one of them is missing");
  const [from, to] = [readTime(start), readTime(end)];
  if (!from || !to)
    throw new UsageError(
      `--event-time-${from ? "end" : "start"} takes a day or an instant such as 2024-01-31T05:00:00, found "${from ? end : start}"`,
    );
  if (from >= to) throw new UsageError(`--event-time-start ${start} is not before --event-time-end ${end}`);
  return { start: from, end: to };
}

function floorOf(time: Date, size: BatchSize): Date {
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()];
  if (size === "year") return new Date(Date.UTC(year, 0));
  if (size === "month") return new Date(Date.UTC(year, month));
  return new Date(Date.UTC(year, month, day, size === "hour" ? time.getUTCHours() : 0));
}

function shifted(time: Date, size: BatchSize, count: number): Date {
  const moved = new Date(time);
  if (size === "year") moved.setUTCFullYear(time.getUTCFullYear() + count);
  else if (size === "month") moved.setUTCMonth(time.getUTCMonth() + count);
  else if (size === "day") moved.setUTCDate(time.getUTCDate() + count);
  else moved.setUTCHours(time.getUTCHours() + count);
  return moved;
}

const idOf = (start: Date, size: BatchSize): string =>
  start
    .toISOString()
    .slice(0, size === "hour" ? 13 : 10)
    .replaceAll("-", "");
