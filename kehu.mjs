#!/usr/bin/env node
// The command `kehu`. Started outside npm it may meet the machine's own Node, which need not run TypeScript: go on with the one in node_modules.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
if (Number(process.versions.node.split(".")[0]) >= 24) {
  await import("./kehu.ts");
} else {
  const node = here("./node_modules/.bin/node");
  if (!existsSync(node)) {
    console.error(`kehu needs Node 24 or newer (this is ${process.versions.node}); run npm ci in ${here(".")} first`);
    process.exit(2);
  }
  const { status, signal } = spawnSync(node, [here("./kehu.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
  if (signal) process.kill(process.pid, signal);
  process.exit(status ?? 1);
}
