/**
 * `npm run prove -- NAME [--seed S --rounds N]`: the long trials whose short forms are in `npm test`. Prints the seed, so that a failure can be had again.
 * `npm run prove -- dbt --project-dir DIR [--database FILE] [--vars JSON]`: any dbt project, built and compared with its compiled SQL run by hand.
 * `npm run prove -- fuzz [--seed S --count N --from N]`: valid and hostile requests for every operation of the served OpenAPI document; `--from` begins at one of them.
 */
import { parseArgs } from "node:util";
import { compiledByHandTrial } from "./compiled-by-hand.ts";
import { fuzzTrial } from "./fuzz.ts";
import { incrementalTrial } from "./incremental.ts";
import { killTrial } from "./kill.ts";
import { mirrorTrial } from "./mirror.ts";
import { mirrorTransactionTrial } from "./mirror-transaction.ts";
import { scaleTrial } from "./scale.ts";
import { inTrialFolder } from "./trial-folder.ts";

const trials: Record<
  string,
  { rounds: number; run: (options: { seed: number; rounds: number; say: (line: string) => void }) => Promise<void> }
> = {
  kill: { rounds: 100, run: killTrial },
  incremental: { rounds: 200, run: incrementalTrial },
  mirror: { rounds: 500, run: mirrorTrial },
  "mirror-transaction": { rounds: 10, run: mirrorTransactionTrial },
  scale: { rounds: 3, run: scaleTrial },
};

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    seed: { type: "string" },
    rounds: { type: "string" },
    count: { type: "string" },
    from: { type: "string" },
    "project-dir": { type: "string" },
    database: { type: "string" },
    vars: { type: "string" },
  },
});
if (positionals[0] === "dbt" && values["project-dir"] !== undefined) {
  const vars: Record<string, unknown> = JSON.parse(values.vars ?? "{}");
  const { "project-dir": projectDir, database } = values;
  await inTrialFolder("dbt", () => compiledByHandTrial({ projectDir, database, vars, say: (line) => console.log(line) }));
  console.log("dbt: every relation and test came out as its compiled SQL by hand");
  process.exit(0);
}
const trial = trials[positionals[0] ?? ""];
const whole = (text: string | undefined, fallback: number): number => (text === undefined ? fallback : Number(text));
const seed = whole(values.seed, Date.now() % 1_000_000);
const count = whole(values.count, 20_000);
const from = whole(values.from, 0);
if (positionals[0] === "fuzz" && [seed, count, from].every((each) => Number.isInteger(each) && each >= 0) && from < count) {
  const held = await inTrialFolder("fuzz", () => fuzzTrial({ seed, requests: count, from, say: (line) => console.log(line) }));
  process.exit(held ? 0 : 1);
}
const rounds = whole(values.rounds, trial?.rounds ?? 1);
if (!trial || !Number.isInteger(seed) || !Number.isInteger(rounds) || rounds < 1) {
  console.error(`npm run prove -- NAME [--seed S --rounds N], NAME one of ${Object.keys(trials).join(", ")}; S and N whole numbers
npm run prove -- dbt --project-dir DIR [--database FILE] [--vars JSON]
npm run prove -- fuzz [--seed S --count N --from N]`);
  process.exit(2);
}
console.log(`${positionals[0]}: seed ${seed}, ${rounds} rounds`);
await inTrialFolder(positionals[0]!, () => trial.run({ seed, rounds, say: (line) => console.log(line) }));
console.log(`${positionals[0]}: all ${rounds} rounds held (seed ${seed})`);
