import startPostgres from "../setup/postgres.ts";
import { fuzz } from "./fuzz/trial.ts";

/**
 * The hostile trial over a Postgres of its own. Says the seed, every failure as a line that a shell can repeat, and the counts; gives whether all held.
 * A failure depends on what the requests before it left behind: `--from` a few hundred before it has it again most surely.
 */
export async function fuzzTrial(options: { seed: number; requests: number; from: number; say: (line: string) => void }): Promise<boolean> {
  const { seed, requests, from, say } = options;
  say(`fuzz: seed ${seed}, requests ${from} to ${requests - 1}`);
  const stopPostgres = await startPostgres();
  try {
    const report = await fuzz({
      seed,
      requests,
      from,
      onFailure: ({ number, hostility, operation, faults, curl }) =>
        say(`FAILED #${number} ${operation} (${hostility}): ${faults.join("; ")}\n  ${curl}`),
    });
    const counted = <Key extends string | number>(counts: Map<Key, number>): string =>
      [...counts]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([key, count]) => `${key}: ${count}`)
        .join(", ");
    say(`by class   ${counted(report.byClass)}`);
    say(`by status  ${counted(report.byStatus)}`);
    const never = report.operations.filter((id) => !report.succeeded.has(id));
    say(
      `operations ${report.operations.length}, of which ${report.succeeded.size} succeeded at least once; never: ${never.join(", ") || "none"}`,
    );
    say(`fuzz: ${report.failures.length} failures in ${report.requests} requests (seed ${seed})`);
    return report.failures.length === 0;
  } finally {
    await stopPostgres();
  }
}
