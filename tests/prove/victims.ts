import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stack } from "../stack.ts";

export const victims = ["web", "warehouse", "query", "sandbox", "postgres", "supervisor"] as const;
/** A process of a running Kehu, by what it is. */
export type Victim = (typeof victims)[number];

/** The pid of the process that runs on this data directory; null while there is none. */
export async function pidOf(stack: Stack, victim: Victim): Promise<number | null> {
  if (victim === "supervisor") return stack.process.pid ?? null;
  if (victim === "postgres") {
    const { cluster } = JSON.parse(await readFile(join(stack.dataDir, "runtime.json"), "utf8")) as { cluster?: string };
    const text = await readFile(join(cluster ?? join(stack.dataDir, "postgres"), "postmaster.pid"), "utf8").catch(() => ""); // between two starts
    return Number(text.split("\n")[0]) || null;
  }
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const [command, status] = await Promise.all(
      ["cmdline", "status"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")), // it may just have ended
    );
    if (command?.includes(`child\u0000${victim}`) && status?.includes(`PPid:\t${stack.process.pid}\n`)) return Number(pid);
  }
  return null;
}
