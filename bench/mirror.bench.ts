import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "@kehu/operational-api";
import { Client } from "pg";
import { duckdbBudget } from "../kehu/settings.ts";
import { percentile, timed, type Benchmark, type Result } from "./benchmark.ts";
import { decodeAlone } from "./mirror/decode-alone.ts";
import { measureLag } from "./mirror/lag.ts";
import { changeLines } from "./mirror/line-changes.ts";
import { startMirrorChild } from "./mirror/mirror-child.ts";
import { fillLines, lineTables } from "./mirror/order-lines.ts";
import { discardCopy } from "./mirror/plain-copy.ts";

const sizes = { small: { rows: 1_000_000, changes: 200_000 }, full: { rows: 10_000_000, changes: 2_000_000 } };
const leastCopyRate = 400_000;
const mostStreamMiB = 1_024;
/** Of the stream's process; Node and what DuckDB does not count come on top. */
const streamMemory = "256MiB";
const slot = "bench_mirror";
const peerSlot = "bench_decode";

/** Rows a second; higher is better, so the ratio is ours over the other's. */
const rate = (name: string, rows: number, ms: number, peer: string, peerRate: number, scale: string): Result => {
  const value = Math.round((rows / ms) * 1000);
  return {
    name,
    unit: "rows/s",
    value,
    peer,
    peerValue: Math.round(peerRate),
    ratio: Math.round((value / peerRate) * 100) / 100,
    scale,
    runs: 1,
  };
};

/**
 * The first copy of order-line-like rows, against COPY of the same tables to nowhere, one after another on one connection; then changes at random keys of
 * those tables, which wait in the log until a mirror's process of its own streams them, against the same log decoded and dropped.
 */
const copyAndStream: Benchmark = {
  names: ["mirror.copy", "mirror.stream"],
  run: async ({ scale }) => {
    const { rows, changes } = sizes[scale];
    const folder = await mkdtemp(join(tmpdir(), "kehu-bench-mirror-"));
    const postgres = await startPostgres({ dataDir: join(folder, "data") });
    const source = new Client({ connectionString: postgres.url });
    await source.connect();
    try {
      await fillLines(source, rows);
      const peerStartedAt = performance.now();
      for (const table of lineTables) await discardCopy(source, `crm.${table}`);
      const peerMs = performance.now() - peerStartedAt;

      const files = { url: postgres.url, dir: join(folder, "warehouse"), slot };
      const copying = await startMirrorChild({ ...files, memoryLimit: duckdbBudget("warehouse").memoryLimit });
      await copying.end();
      const peerRate = (rows / peerMs) * 1000;
      const copied = (peer: string, than: number): Result =>
        rate("mirror.copy", rows, copying.startedMs, peer, than, `${scale}, ${rows} rows`);

      await source.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [peerSlot]);
      const { changed, lsn } = await changeLines(source, rows, changes);
      const decodeStartedAt = performance.now();
      const decoded = await decodeAlone(postgres.url, { slot: peerSlot, publication: "kehu", lsn });
      const decodeMs = performance.now() - decodeStartedAt;
      if (decoded !== changed) throw new Error(`${changed} rows were changed and ${decoded} decoded`);

      const streaming = await startMirrorChild({ ...files, memoryLimit: streamMemory });
      const streamMs = await streaming.reach(lsn);
      const { peakMiB } = await streaming.end();
      const of = `${scale}, ${changed} changes on ${rows} rows`;
      return [
        copied("COPY TO STDOUT", peerRate),
        copied("limit", leastCopyRate),
        rate("mirror.stream", changed, streamMs, "decoding alone", (changed / decodeMs) * 1000, of),
        {
          name: "mirror.stream",
          unit: "MiB",
          value: Math.round(peakMiB),
          peer: "limit",
          peerValue: mostStreamMiB,
          ratio: Math.round((mostStreamMiB / peakMiB) * 100) / 100,
          scale: `${of}, most memory`,
          runs: 1,
        },
      ];
    } finally {
      await source.end();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const lagSeconds = { small: 20, full: 300 };
const transactionsPerSecond = 2_000;
const lagLimits = { p50: 1_000, p99: 3_000 };

/** From a commit in Postgres until its rows are in `raw.*`, under a steady load of small transactions while all models are built again and again. */
const lag: Benchmark = {
  names: ["mirror.lag"],
  run: async ({ scale }) => {
    const seconds = lagSeconds[scale];
    const { lags, builds } = await measureLag({ transactionsPerSecond, seconds });
    const of = `${scale}, ${Math.round(lags.length / seconds)} transactions/s for ${seconds} s, ${builds} full builds`;
    return [
      timed("mirror.lag", percentile(lags, 0.5), "limit", lagLimits.p50, `${of}, p50`, lags.length),
      timed("mirror.lag", percentile(lags, 0.99), "limit", lagLimits.p99, `${of}, p99`, lags.length),
    ];
  },
};

export default [copyAndStream, lag];
