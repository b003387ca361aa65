import { defineConfig } from "vitest/config";

const rooms = ["operational-api", "ingest", "models", "semantic"];
/** End to end as well, but each starts, kills or fills a Kehu of its own. */
const ownStack = ["kill", "maven"].map((name) => `tests/e2e/${name}.test.ts`);

export default defineConfig({
  test: {
    projects: [
      { test: { name: "lint", include: ["tests/lint/**/*.test.ts"] } },
      {
        test: {
          name: "rooms",
          include: [
            ...rooms.map((room) => `${room}/**/*.test.ts`),
            "kehu/**/*.test.ts",
            "examples/**/*.test.ts",
            "portal/src/**/*.test.ts",
          ],
          exclude: ["**/node_modules/**"],
          globalSetup: ["tests/setup/postgres.ts"],
          // Files share what they import: loading it anew for each of them took a third of the processor time.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "end-to-end",
          include: ["tests/e2e/**/*.test.ts"],
          exclude: ownStack,
          globalSetup: ["tests/setup/stack.ts"],
          testTimeout: 240_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "own-stack",
          include: ownStack,
          testTimeout: 240_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
    ],
  },
});
