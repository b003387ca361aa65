import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connect, type Credentials, type Fault, type KehuApi } from "./api.ts";
import { formatCsv, parseCsv } from "./csv.ts";
import * as make from "./records.ts";

/** Records per request; a chunk is one transaction. */
const chunkSize = 2000;

/** A deal whose keys Kehu does not know, with what it said. */
export interface Quarantined {
  deal: Record<string, string>;
  field: string;
  reason: string;
}

export interface Tally {
  loaded: number;
  /** Sent before, by an earlier run. */
  present: number;
}

export interface LoadReport {
  /** By collection, opportunities excepted. */
  reference: Record<string, Tally>;
  /** As the file has them. loaded + present + quarantined = deals in the file. */
  firstPass: Tally & { quarantined: Quarantined[] };
  /** The quarantined deals with their keys mapped; null when there was nothing to replay or no wish to. */
  replay: (Tally & { quarantined: Quarantined[] }) | null;
}

/**
 * Loads the four files in `folder`: reference data, then the deals with their raw keys, then those in quarantine with the keys of `mappings`.
 * Throws when Kehu refuses a record for anything but an unknown key, and on a missing file.
 */
export async function loadMaven(
  api: KehuApi,
  folder: string,
  mappings: readonly make.Mapping[],
  options: { replay?: boolean } = {},
): Promise<LoadReport> {
  const files = readFiles(folder);
  const accounts = make.cleaned("accounts", files.accounts, mappings);
  const clean = { ...files, accounts };
  const reference: LoadReport["reference"] = {};
  const collections: [string, make.Body[]][] = [
    ["pipeline-stages", make.pipelineStages()],
    ["departments", make.departments(clean)],
    ["employees", make.employees(clean)],
    ["product-categories", make.productCategories(clean)],
    ["products", make.products(clean)],
    ["customers", make.customers(clean)],
  ];
  for (const [collection, records] of collections) {
    const { loaded, present, refused } = await send(api, collection, records);
    if (refused.length > 0) throw new Error(`${collection}: ${refused.length} refused, the first for ${describe(refused[0]!.fault)}`);
    reference[collection] = { loaded, present };
  }
  const prices = new Map(files.products.map((product) => [product["product"]!, product["sales_price"]!]));
  const firstPass = await loadDeals(api, files.sales_pipeline, prices);
  const wanted = options.replay !== false && firstPass.quarantined.length > 0;
  const mapped = make.cleaned(
    "sales_pipeline",
    firstPass.quarantined.map(({ deal }) => deal),
    mappings,
  );
  return { reference, firstPass, replay: wanted ? await loadDeals(api, mapped, prices) : null };
}

function readFiles(folder: string): make.MavenFiles {
  const read = (name: keyof make.MavenFiles): Record<string, string>[] => {
    const file = join(folder, `${name}.csv`);
    if (!existsSync(file)) throw new Error(`${file} is not there; the folder must hold accounts, products, sales_teams and sales_pipeline`);
    return parseCsv(readFileSync(file, "utf8"));
  };
  return {
    accounts: read("accounts"),
    products: read("products"),
    sales_teams: read("sales_teams"),
    sales_pipeline: read("sales_pipeline"),
  };
}

async function loadDeals(
  api: KehuApi,
  deals: readonly Record<string, string>[],
  prices: ReadonlyMap<string, string>,
): Promise<Tally & { quarantined: Quarantined[] }> {
  const { loaded, present, refused } = await send(
    api,
    "opportunities",
    deals.map((deal) => make.opportunity(deal, prices)),
  );
  const quarantined = refused.map(({ index, fault }): Quarantined => {
    // A wrong key is the data's fault and can be mapped; anything else is ours or the server's settings', and loading on would hide it.
    if (!fault.field.endsWith("_external_id")) throw new Error(`deal ${deals[index]!["opportunity_id"]}: ${describe(fault)}`);
    return { deal: deals[index]!, field: fault.field, reason: fault.reason };
  });
  return { loaded, present, quarantined };
}

const describe = ({ field, reason }: Fault): string => `${field}: ${reason}`;

/** Sends chunk by chunk. A chunk with bad records is sent again without them: it is all or nothing. */
async function send(
  api: KehuApi,
  collection: string,
  records: readonly make.Body[],
): Promise<Tally & { refused: { index: number; fault: Fault }[] }> {
  const refused: { index: number; fault: Fault }[] = [];
  let loaded = 0;
  let present = 0;
  for (let start = 0; start < records.length; start += chunkSize) {
    const positions = records.slice(start, start + chunkSize).map((_, index) => start + index);
    const outcome = await api.createBatch(
      collection,
      positions.map((position) => records[position]),
    );
    if ("created" in outcome) {
      loaded += outcome.created;
      continue;
    }
    const bad = Map.groupBy(outcome.faults, (fault) => positions[fault.index]!);
    for (const [position, faults] of bad) {
      const taken = faults.some((fault) => fault.field === "external_id");
      if (taken) present++;
      else refused.push({ index: position, fault: faults[0]! });
    }
    const good = positions.filter((position) => !bad.has(position));
    if (good.length === 0) continue;
    const again = await api.createBatch(
      collection,
      good.map((position) => records[position]),
    );
    if ("faults" in again)
      throw new Error(`${collection}: refused after the bad records were taken out, for ${describe(again.faults[0]!)}`);
    loaded += again.created;
  }
  return { loaded, present, refused };
}

const usage = `usage: npx node examples/maven-crm/load.ts FOLDER --url http://127.0.0.1:3000 (--api-key KEY | --email E --password P)
                                                 [--quarantine FILE] [--no-replay]`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: "string", default: "http://127.0.0.1:3000" },
      "api-key": { type: "string" },
      email: { type: "string" },
      password: { type: "string" },
      quarantine: { type: "string", default: "maven-quarantine.csv" },
      "no-replay": { type: "boolean", default: false },
    },
  });
  const { "api-key": apiKey, email, password } = values;
  const credentials: Credentials | undefined = apiKey ? { apiKey } : email && password ? { email, password } : undefined;
  const [folder] = positionals;
  if (!folder || !credentials) {
    console.error(usage);
    return 2;
  }
  const mappings = parseCsv(readFileSync(join(import.meta.dirname, "key-mapping.csv"), "utf8")) as unknown as make.Mapping[];
  const report = await loadMaven(await connect(values.url, credentials), folder, mappings, { replay: !values["no-replay"] });
  for (const [collection, tally] of Object.entries(report.reference)) console.log(`${collection}: ${count(tally)}`);
  print("opportunities, keys as in the file", report.firstPass);
  if (report.replay) print("opportunities, keys mapped", report.replay);
  const { quarantined } = report.firstPass;
  const columns = [...Object.keys(quarantined[0]?.deal ?? { opportunity_id: "" }), "field", "reason"];
  writeFileSync(
    values.quarantine,
    formatCsv(
      columns,
      quarantined.map(({ deal, field, reason }) => ({ ...deal, field, reason })),
    ),
  );
  console.log(`${values.quarantine}: the ${quarantined.length} deals of the first pass that went to quarantine, with the reason`);
  return (report.replay ?? report.firstPass).quarantined.length > 0 ? 1 : 0;
}

const count = ({ loaded, present }: Tally): string => `${loaded} loaded${present > 0 ? `, ${present} there before` : ""}`;

const print = (title: string, pass: Tally & { quarantined: Quarantined[] }): void => {
  const total = pass.loaded + pass.present + pass.quarantined.length;
  console.log(`${title}: ${count(pass)}, ${pass.quarantined.length} in quarantine, ${total} together`);
};

if (import.meta.main) process.exitCode = await main();
