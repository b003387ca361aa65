// npm leaves optional platform packages it could not install here out of the lock, and `npm ci` then refuses the lock.
// This adds a stub (name, version, os, cpu; no address) for each, so that the lock is whole on every machine.
// Run it after every `npm install` that changes dependencies: node scripts/complete-lock.mjs [--check]
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const packages = lock.packages;

/** Where Node would find `name` from the package at `path`: the nearest node_modules that has it. */
const resolves = (path, name) => {
  for (let at = path; ; at = at.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, "")) {
    if (packages[`${at ? `${at}/` : ""}node_modules/${name}`]) return true;
    if (at === "" || !at.includes("node_modules")) return Boolean(packages[`node_modules/${name}`]);
  }
};

const platform = (name) => {
  const os =
    ["linux", "darwin", "win32", "freebsd", "android", "openbsd", "netbsd", "sunos", "aix"].find((o) => name.includes(o)) ??
    (name.includes("-win-") ? "win32" : undefined);
  const cpu = ["arm64", "x64", "ia32", "arm", "riscv64", "ppc64", "s390x", "wasm32", "loong64", "mips64el"].find((c) => name.includes(c));
  const libc = name.includes("musl") ? "musl" : /-gnu/.test(name) ? "glibc" : undefined;
  return { ...(os ? { os: [os] } : {}), ...(cpu ? { cpu: [cpu] } : {}), ...(libc ? { libc: [libc] } : {}) };
};

const missing = [];
for (const [path, entry] of Object.entries({ ...packages })) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (resolves(path, name) || packages[`node_modules/${name}`]) continue;
    missing.push(name);
    packages[`node_modules/${name}`] = { version: range.replace(/^[\^~>=]+/, ""), ...platform(name), optional: true };
  }
}

if (process.argv.includes("--check")) {
  if (missing.length) {
    console.error(`package-lock.json lacks ${missing.join(", ")}: run node scripts/complete-lock.mjs`);
    process.exit(1);
  }
} else {
  lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(missing.length ? `added ${missing.length}: ${missing.join(", ")}` : "nothing missing");
}
