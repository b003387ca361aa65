import { it } from "vitest";
import { killTrial } from "../prove/kill.ts";

it("survives kill -9 of each process: nothing lost, nothing twice, the mirror equal", { timeout: 240_000 }, async () => {
  await killTrial({ seed: 1, rounds: 5, say: () => {} });
});
