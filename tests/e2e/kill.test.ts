import { it } from "vitest";
import { killTrial } from "../prove/kill.ts";

it(
  "survives kill -9 of each process: nothing lost, nothing twice, no workbook half done, the mirror equal",
  { timeout: 600_000 },
  async () => {
    await killTrial({ seed: 1, rounds: 5, stock: 20_000, say: () => {} });
  },
);
