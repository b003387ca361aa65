/**
 * A mirror in a process of its own, so that its memory can be measured. Arguments: source URL, folder, slot, DuckDB's memory limit. Says on the IPC channel
 * how long its start took; answers a position with the moment at which it was applied, and `end` with the most memory it had.
 */
import { createMirror, openWarehouse } from "@kehu/ingest";
import { createLogger } from "@kehu/operational-api/definitions";
import type { MirrorAnswer, MirrorQuestion } from "./mirror-child.ts";

const [sourceUrl, dir, slot, memoryLimit] = process.argv.slice(2);
if (!sourceUrl || !dir || !slot || !memoryLimit) throw new Error("usage: mirror-process.ts URL FOLDER SLOT MEMORY");
const reachMs = 3_600_000;

const say = (answer: MirrorAnswer): void => void process.send?.(answer);
const warehouse = await openWarehouse({ dir, memoryLimit, threads: 2 });
const logger = createLogger({ service: "bench", level: "error" });
const mirror = createMirror({ sourceUrl, schema: "crm", publication: "kehu", slot, warehouse, logger });
const startedAt = performance.now();
process.on("message", async (question: MirrorQuestion) => {
  if ("reach" in question) {
    await mirror.waitFor(question.reach, reachMs);
    say({ tells: "reached", ms: performance.now() - startedAt });
  } else {
    await mirror.stop();
    warehouse.close();
    say({ tells: "ended", peakMiB: process.resourceUsage().maxRSS / 1024 });
    process.disconnect();
  }
});
await mirror.start();
say({ tells: "started", ms: performance.now() - startedAt });
