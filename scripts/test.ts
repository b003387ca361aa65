/**
 * `npm test`: lint, types, every test; the last line is `N passed, N failed`. A step that fails without tests counts as one failure.
 * Two lanes side by side, since the browser tests leave a second core idle most of the time.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

const root = join(import.meta.dirname, "..");
const reports = mkdtempSync(join(tmpdir(), "kehu-report-"));
const bin = join(root, "node_modules", ".bin");
const env = {
  ...process.env,
  PATH: `${bin}:${process.env.PATH ?? ""}`,
  NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "kehu-compiled"),
  ...(process.stdout.isTTY && { FORCE_COLOR: "1" }),
};

interface Outcome {
  passed: number;
  failed: number;
}
interface Step {
  name: string;
  command: string;
  args: string[];
  /** Where vitest counts its tests; without it the step itself is what passes or fails. */
  report?: string;
}

const check = (name: string, command: string, ...args: string[]): Step => ({ name, command, args });
const tests = (name: string, ...projects: string[]): Step => {
  const report = join(reports, `${name}.json`);
  const chosen = projects.flatMap((project) => ["--project", project]);
  return {
    name,
    command: "vitest",
    args: ["run", ...chosen, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    report,
  };
};

const lanes: Step[][] = [
  [
    check("lock file", "node", "scripts/complete-lock.mjs", "--check"),
    check("lint", "oxlint", "--deny-warnings"),
    check("format", "prettier", "--check", "--log-level", "warn", "."),
    check("types", "tsc", "-p", "tsconfig.json"),
    check("portal types", "npm", "run", "--silent", "check", "-w", "portal"),
    tests("rooms", "lint", "rooms"),
    tests("own stack", "own-stack"),
  ],
  [tests("end to end", "end-to-end")],
];

/** Line by line, so that what two lanes print stays readable; each line says whose it is. */
const print = (name: string, stream: Readable): void =>
  void createInterface({ input: stream }).on("line", (line) => console.log(`${name} | ${line}`));

function exitOf({ name, command, args }: Step): Promise<number | null> {
  const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  print(name, child.stdout);
  print(name, child.stderr);
  return new Promise((resolve) => {
    child.once("error", (error) => {
      console.error(`${name} | ${error.message}`);
      resolve(null);
    });
    child.once("close", resolve);
  });
}

async function run(step: Step): Promise<Outcome> {
  const startedAt = performance.now();
  const status = await exitOf(step);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${step.name} (${seconds} s)`);
  if (!step.report || !existsSync(step.report)) return status === 0 && !step.report ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  const result = JSON.parse(readFileSync(step.report, "utf8")) as {
    numPassedTests: number;
    numFailedTests: number;
    numFailedTestSuites: number;
  };
  // A suite can fail outside of any test (an import, a hook); the exit code knows, the test count does not.
  const unseen = status !== 0 && result.numFailedTests === 0 ? Math.max(1, result.numFailedTestSuites) : 0;
  return { passed: result.numPassedTests, failed: result.numFailedTests + unseen };
}

const sum: Outcome = { passed: 0, failed: 0 };
await Promise.all(
  lanes.map(async (lane) => {
    for (const step of lane) {
      const { passed, failed } = await run(step);
      sum.passed += passed;
      sum.failed += failed;
    }
  }),
);
rmSync(reports, { recursive: true, force: true });
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed ? 1 : 0;
