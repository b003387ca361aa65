import { afterAll, beforeAll, expect, test } from "vitest";
import { faultTrial, type Fault } from "./trial/fault-trial.ts";
import { startTrialServer } from "./trial/trial-server.ts";

/** Everything that can fail, what waits for processes to start once or twice only. */
const faults: readonly Fault[] = [
  ...(["connection", "clock", "mirror", "connection", "none", "connection", "postgres", "clock", "connection", "none"] as const),
  ...(["connection", "clock", "mirror", "connection", "none", "connection", "disk", "clock", "connection", "none"] as const),
];

let server: Awaited<ReturnType<typeof startTrialServer>>;
beforeAll(async () => {
  server = await startTrialServer();
});
afterAll(() => server.stop());

test("the mirror equals Postgres whatever is written and whatever fails (the short form of `npm run prove -- mirror`)", async () => {
  const lines: string[] = [];
  await faultTrial({ server, seed: 20261122, rounds: 20, faults, say: (line) => lines.push(line) });
  expect(lines).toHaveLength(20);
}, 240_000);
