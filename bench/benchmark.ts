/** One line of `npm run bench -- --json`; times in milliseconds, `ratio` null where there is no peer or limit. */
export interface Result {
  name: string;
  unit: string;
  value: number;
  peer: string | null;
  peerValue: number | null;
  ratio: number | null;
  scale: string;
  runs: number;
}

/** Several names may come from one run, where they share a costly preparation. */
export interface Benchmark {
  names: string[];
  run(options: { scale: "small" | "full" }): Promise<Result[]>;
}

/** The value below which the share `p` of `samples` lies (nearest rank). */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)];
  if (value === undefined) throw new Error("percentile of nothing");
  return value;
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** A time against an upper limit or a peer's time: the ratio is limit / ours. */
export const timed = (name: string, value: number, peer: string | null, peerValue: number | null, scale: string, runs: number): Result => ({
  name,
  unit: "ms",
  value: rounded(value),
  peer,
  peerValue: peerValue === null ? null : rounded(peerValue),
  ratio: peerValue === null ? null : rounded(peerValue / value),
  scale,
  runs,
});
