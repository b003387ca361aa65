/**
 * What the warehouse's process of a running company does, on one database: mirrors, and builds all models one time after another while it is told to.
 * Arguments: source URL, folder, the business now. A position on the IPC channel is answered, once it is applied, with the lag of every transaction of the load.
 */
import { createMirror, openWarehouse, parseLsn } from "@kehu/ingest";
import { createLiveBuilder } from "@kehu/models";
import { createLogger, publicationName } from "@kehu/operational-api/definitions";
import { duckdbBudget } from "../../kehu/settings.ts";

/** `lags` in milliseconds, of each transaction; the builds that were finished meanwhile. */
export interface LagAnswer {
  lags: number[];
  builds: number;
}

const [sourceUrl, dir, until] = process.argv.slice(2);
if (!sourceUrl || !dir || !until) throw new Error("usage: lag-process.ts URL FOLDER UNTIL");

const reachMs = 600_000;
const logger = createLogger({ service: "bench", level: "error" });
const warehouse = await openWarehouse({ dir, ...duckdbBudget("warehouse") });
const mirror = createMirror({ sourceUrl, schema: "crm", publication: publicationName, slot: "kehu_bench", warehouse, logger });
const visible: { lsn: bigint; at: number }[] = [];
await mirror.start();
const builder = createLiveBuilder({
  warehouse,
  mirror,
  projectDir: new URL("../../models", import.meta.url).pathname,
  vars: {},
  clock: () => new Date(until),
  publishSeconds: 0,
  logger,
});
await builder.start();

let builds = 0;
builder.onPublished(() => {
  builds += 1;
  builder.requestFullBuild();
});
mirror.onApplied(({ lsn }) => visible.push({ lsn: parseLsn(lsn), at: Date.now() }));
builder.requestFullBuild();

process.once("message", async ({ reach }: { reach: string }) => {
  await mirror.waitFor(reach, reachMs);
  const connection = await warehouse.connect();
  const found = await connection.runAndReadAll(
    "select distinct _lsn, epoch_ms(_commit_at)::double from raw_changes.receipts where number like 'LAG-%' order by _lsn",
  );
  let next = 0;
  const lags = found.getRows().map(([lsn, at]) => {
    // A position says: everything that committed before it.
    while (visible[next] && visible[next]!.lsn <= (lsn as bigint)) next += 1;
    const shown = visible[next];
    if (!shown) throw new Error("a transaction is in the log of changes and was never applied");
    return shown.at - Number(at);
  });
  process.send?.({ lags, builds } satisfies LagAnswer);
  await builder.stop();
  await mirror.stop();
  warehouse.close();
  process.disconnect();
});
process.send?.("ready");
