import { openWarehouse } from "../warehouse.ts";
import { createMirror } from "./mirror.ts";
import { silent } from "./testing.ts";

/** A mirror in a process of its own, to be killed by a test: arguments are source URL, folder and slot. Prints "started" when it streams. */
const [sourceUrl, dir, slot] = process.argv.slice(2);
if (!sourceUrl || !dir || !slot) throw new Error("usage: run-for-tests.ts URL FOLDER SLOT");
const warehouse = await openWarehouse({ dir, threads: 1, memoryLimit: "300MB" });
const mirror = createMirror({ sourceUrl, schema: "crm", publication: "kehu", slot, warehouse, logger: silent });
await mirror.start();
console.log("started");
