/** `npm test`: lint, types, every test; the last line is `N passed, N failed`. A step that fails without tests counts as one failure. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const report = join(mkdtempSync(join(tmpdir(), "kehu-report-")), "report.json");
const bin = join(root, "node_modules", ".bin");
const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? ""}` };

interface Step {
  name: string;
  command: string;
  args: string[];
}
const checks: Step[] = [
  { name: "lock file", command: "node", args: ["scripts/complete-lock.mjs", "--check"] },
  { name: "lint", command: "oxlint", args: ["--deny-warnings"] },
  { name: "format", command: "prettier", args: ["--check", "--log-level", "warn", "."] },
  { name: "types", command: "tsc", args: ["-p", "tsconfig.json"] },
  { name: "portal types", command: "npm", args: ["run", "--silent", "check", "-w", "portal"] },
];

let passed = 0;
let failed = 0;
for (const { name, command, args } of checks) {
  const startedAt = performance.now();
  const { status } = spawnSync(command, args, { cwd: root, env, stdio: "inherit" });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (status === 0) passed += 1;
  else failed += 1;
}

/** One after the other: the end-to-end stack wants the machine for itself. */
const runs = [
  ["--project", "lint", "--project", "rooms"],
  ["--project", "end-to-end"],
];
for (const projects of runs) {
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { status } = spawnSync("vitest", ["run", ...projects, ...reporters], { cwd: root, env, stdio: "inherit" });
  if (!existsSync(report)) {
    failed += 1;
    continue;
  }
  const result = JSON.parse(readFileSync(report, "utf8")) as {
    numPassedTests: number;
    numFailedTests: number;
    numFailedTestSuites: number;
  };
  passed += result.numPassedTests;
  failed += result.numFailedTests;
  // A suite can fail outside of any test (an import, a hook); the exit code knows, the test count does not.
  if (status !== 0 && result.numFailedTests === 0) failed += Math.max(1, result.numFailedTestSuites);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
