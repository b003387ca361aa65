/** Builds the portal when its sources changed since the last build. Runs as the root's `prepare`, under any Node >= 20. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const portal = join(root, "portal");
const stamp = join(portal, "build", ".sources-hash");
// Made by the build as well, and needed by type checks and tests; a fresh `npm ci` drops it.
const sync = join(portal, "node_modules", "$app", "tsconfig.json");
const generated = join(portal, "src", "lib", "paraglide");

function* files(path) {
  if (path === generated || !existsSync(path)) return;
  const entries = readdirSync(path, { withFileTypes: true }).sort((left, right) => (left.name < right.name ? -1 : 1));
  for (const entry of entries) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) yield* files(child);
    else if (!entry.name.endsWith(".test.ts")) yield child;
  }
}

function sourcesHash() {
  const hash = createHash("sha256");
  const single = ["vite.config.ts", "package.json", "project.inlang/settings.json"].map((name) => join(portal, name));
  const folders = ["src", "messages", "static"].flatMap((name) => [...files(join(portal, name))]);
  for (const file of [...single, join(root, "package-lock.json"), ...folders]) {
    if (!existsSync(file)) continue;
    hash.update(relative(root, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

function build() {
  const node24 = join(root, "node_modules", ".bin", "node");
  const vite = [join(root, "node_modules", "vite", "bin", "vite.js"), "build", "--logLevel", "warn"];
  const run = spawnSync(existsSync(node24) ? node24 : process.execPath, vite, { cwd: portal, encoding: "utf8" });
  if (run.status === 0) return;
  process.stderr.write(`${run.stdout ?? ""}${run.stderr ?? ""}${run.error?.message ?? ""}\n`);
  throw new Error("portal: the build failed, see above");
}

if (!existsSync(join(portal, "src", "app.html"))) {
  console.log("portal: no sources here, nothing to build");
} else if (!existsSync(join(root, "node_modules", "vite"))) {
  console.log("portal: not built, because development packages are not installed");
} else {
  const hash = sourcesHash();
  if (existsSync(stamp) && existsSync(sync) && existsSync(generated) && readFileSync(stamp, "utf8") === hash) {
    console.log("portal: built already, sources unchanged");
  } else {
    const started = Date.now();
    build();
    writeFileSync(stamp, hash);
    console.log(`portal: built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
}
