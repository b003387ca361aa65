import { expect, it } from "vitest";
import { createTestDatabase } from "../../../operational-api/src/postgres/testing.ts";
import { incrementalTrial } from "./incremental-trial.ts";

/** Four full builds and a demo company; minutes on a machine that does other things. */
const timeout = 240_000;

it(
  "makes what a full build makes, after any edits (the short form of `npm run prove -- incremental`)",
  async () => {
    const database = await createTestDatabase();
    const lines: string[] = [];
    try {
      await incrementalTrial({ url: database.url, seed: 20261122, rounds: 3, say: (line) => lines.push(line) });
    } finally {
      await database.drop();
    }
    expect(lines).toHaveLength(3);
  },
  timeout,
);
