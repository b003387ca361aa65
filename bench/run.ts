/**
 * `npm run bench [-- --json] [-- --only NAME] [-- --scale small|full]`: every `*.bench.ts` beside this file, each with its peer or limit in the same run.
 * `ratio` is ours over the peer's or the limit's in the sense "higher is better".
 */
import { globSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Benchmark, Result } from "./benchmark.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    scale: { type: "string", default: "small" },
  },
});
if (values.scale !== "small" && values.scale !== "full") {
  console.error(`--scale takes small or full, not ${values.scale}`);
  process.exit(2);
}
const scale = values.scale;

const files = globSync("*.bench.ts", { cwd: import.meta.dirname }).toSorted();
const benchmarks: Benchmark[] = [];
for (const file of files) benchmarks.push(...((await import(`./${file}`)) as { default: Benchmark[] }).default);

const names = benchmarks.flatMap((benchmark) => benchmark.names);
const unknown = values.only?.filter((name) => !names.includes(name)) ?? [];
if (unknown.length) {
  console.error(`no benchmark called ${unknown.join(", ")}; there are ${names.join(", ")}`);
  process.exit(2);
}

const results: Result[] = [];
for (const benchmark of benchmarks) {
  if (values.only && !benchmark.names.some((name) => values.only?.includes(name))) continue;
  if (!values.json) console.error(`running ${benchmark.names.join(", ")} …`);
  for (const result of await benchmark.run({ scale })) {
    results.push(result);
    const ratio = result.ratio === null ? "" : `, ratio ${result.ratio.toFixed(2)} to ${result.peer} (${result.peerValue})`;
    if (!values.json) console.error(`${result.name}: ${result.value} ${result.unit}${ratio}, ${result.runs} runs`);
  }
}
if (values.json) console.log(JSON.stringify(results, null, 2));
process.exit(0);
