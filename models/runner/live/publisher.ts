import { setTimeout as delay } from "node:timers/promises";
import {
  advancePointer,
  parseLsn,
  publishSnapshot,
  readPointer,
  type AppliedEvent,
  type Retention,
  type SnapshotPointer,
  type Warehouse,
} from "@kehu/ingest";
import type { BuildOutcome } from "./build.ts";

export interface PublisherOptions {
  warehouse: Warehouse;
  clock: () => Date;
  /** Least time between two publishes. */
  publishSeconds: number;
  keep: Retention | undefined;
  /** Ends every wait. */
  signal: AbortSignal;
}

/** Makes finished builds the served snapshot, spaced, and moves its freshness while nothing changes. */
export class Publisher {
  private readonly options: PublisherOptions;
  private waiting: { build: string; outcome: BuildOutcome } | undefined;
  private published = Number.NEGATIVE_INFINITY;
  private advanced = Number.NEGATIVE_INFINITY;
  private copyMs = 0;

  constructor(options: PublisherOptions) {
    this.options = options;
  }

  /** A finished build is not published yet. */
  get isWaiting(): boolean {
    return this.waiting !== undefined;
  }

  /** When the pointer was last written, in milliseconds of `performance.now()`. */
  get lastAdvance(): number {
    return this.advanced;
  }

  /** Takes a finished build. One that was not published still counts among what the next publish changed. */
  put(build: string, outcome: BuildOutcome): void {
    const earlier = this.waiting?.outcome.changed ?? [];
    this.waiting = { build, outcome: { ...outcome, changed: [...new Set([...earlier, ...outcome.changed])] } };
  }

  /** Until a build that takes `buildMs` would be published when its time has come. */
  restBeforeBuild(buildMs: number): Promise<void> {
    return this.rest(this.nextAt() - buildMs - this.copyMs);
  }

  /** Null when nothing waits. Throws what `publishSnapshot` throws; the build goes on waiting. */
  async publish(): Promise<SnapshotPointer | null> {
    if (!this.waiting) return null;
    const { warehouse, clock, keep } = this.options;
    const { build, outcome } = this.waiting;
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
        this.copyMs = performance.now() - begun;
        return this.rest(this.nextAt());
      },
      ...(keep && { keep }),
    });
    this.published = performance.now();
    this.advanced = this.published;
    this.waiting = undefined;
    return pointer;
  }

  /** Nothing that the snapshot `build` states has changed up to `event`: only its freshness moves. One that was chosen by hand stays as it is. */
  async advance(event: AppliedEvent, build: string | null): Promise<void> {
    const { dir } = this.options.warehouse;
    this.advanced = performance.now();
    const pointer = await readPointer(dir);
    if (!pointer || pointer.build !== build) return;
    if (parseLsn(event.lsn) < parseLsn(pointer.lsn) || event.at <= pointer.freshTo) return;
    await advancePointer(dir, { lsn: event.lsn, freshTo: event.at });
  }

  private nextAt(): number {
    return this.published + this.options.publishSeconds * 1000;
  }

  /** Until `at`, in milliseconds of `performance.now()`. */
  private async rest(at: number): Promise<void> {
    const ms = at - performance.now();
    if (ms > 0) await delay(ms, undefined, { signal: this.options.signal }).catch(() => undefined); // aborted
  }
}
