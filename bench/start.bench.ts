import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack } from "../tests/stack.ts";
import { percentile, timed, type Benchmark } from "./benchmark.ts";

const coldLimitMs = 60_000;
const warmLimitMs = 10_000;
const warmRuns = 3;

/** `kehu start` until /healthz answers 200: on an empty data directory (demo company included), then again on the same one. */
const start: Benchmark = {
  names: ["start.cold", "start.warm"],
  run: async ({ scale }) => {
    const dataDir = await mkdtemp(join(tmpdir(), "kehu-bench-start-"));
    try {
      const cold = await startStack({ dataDir });
      await cold.stop();
      const warm: number[] = [];
      for (let run = 0; run < warmRuns; run++) {
        const stack = await startStack({ dataDir });
        warm.push(stack.startedInMs);
        await stack.stop();
      }
      return [
        timed("start.cold", cold.startedInMs, "limit", coldLimitMs, scale, 1),
        timed("start.warm", percentile(warm, 0.5), "limit", warmLimitMs, scale, warmRuns),
      ];
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};

export default [start];
