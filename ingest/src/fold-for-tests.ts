import { foldChangeLog } from "./fold-log.ts";
import { openWarehouse } from "./warehouse.ts";

/** Folds a log in a process of its own, to be killed by a test: arguments are the warehouse's folder and the time. Prints a line before each batch. */
const [dir, now] = process.argv.slice(2);
if (!dir || !now) throw new Error("usage: fold-for-tests.ts FOLDER TIME");
const warehouse = await openWarehouse({ dir, threads: 1, memoryLimit: "300MB" });
const connection = await warehouse.connect();
let batches = 0;
await foldChangeLog({
  reader: connection,
  between: async (work) => {
    console.log(`batch ${++batches}`);
    return work(connection);
  },
  timezone: "Asia/Shanghai",
  now: new Date(now),
  keepDays: 30,
  before: "FFFFFFFF/FFFFFFFF",
  batchRows: 100,
});
