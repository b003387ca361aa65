import { setImmediate } from "node:timers/promises";
import { Client } from "pg";
import { writeActivities } from "./activities.ts";
import { withoutIndexes } from "./bulk-load.ts";
import { demoCalendar } from "./calendar.ts";
import { catalogue } from "./catalogue.ts";
import { actualsOver, type Company, type Sink } from "./company.ts";
import { copyIn } from "./copy.ts";
import { writeContracts } from "./contracts.ts";
import { writeCustomerEvents } from "./customer-events.ts";
import { blockSize, customerBlock, nameCustomer, statusSteps, writeCustomer } from "./customers.ts";
import { exchangeRates } from "./exchange.ts";
import { idSequence } from "./ids.ts";
import { writeLeads } from "./leads.ts";
import { writeOpportunities } from "./opportunities.ts";
import { numbering, writeOrders } from "./orders.ts";
import { organisation } from "./organisation.ts";
import { holdsRecords } from "./presence.ts";
import { randomFrom } from "./random.ts";
import { writeCatalogue, writeDepartments, writeEmployees, writePipeline, writeRates } from "./reference-rows.ts";
import { columnsOf, eventText, rowText, type TableName, tableNames } from "./tables.ts";
import { writeTargets } from "./targets.ts";

export interface DemoOptions {
  /** Of a database that `migrate` has brought up to date; a role that may write to schema `crm`. */
  url: string;
  /** 1 to 1,000,000; default 2,000. Documents grow with it. */
  customers?: number;
  /** Order lines per customer, at least 10; default 50, with 15 orders, 4 opportunities and 10 activities. These grow with the lines. */
  linesPerCustomer?: number;
  /** Years of orders and opportunities before `until`; default 3. */
  years?: number;
  /** Default 1. Same seed and options: same rows. */
  seed?: number;
  /** Nothing happens after this instant. */
  until: Date;
  /** IANA name: business days and months are local. */
  timezone: string;
  /** ISO 4217 code of the company currency. */
  currency: string;
  onProgress?: (done: { customers: number; of: number }) => void;
}

/** Rows written, by table of schema `crm`, event tables included. */
export type Counts = Record<TableName, number>;

/** Customers per copy; two such batches are in memory, the one being copied and the one being made. */
const customersAtOnce = 2 * blockSize;

/** Thrown when the database already has customers, employees or documents. */
export class CompanyNotEmpty extends Error {
  override name = "CompanyNotEmpty";
}

/**
 * Writes the demo company into an empty database, in one transaction: all of it or nothing.
 * Throws `CompanyNotEmpty` when records exist, and Postgres's error when a table does not fit.
 */
export async function fillDemoCompany(options: DemoOptions): Promise<Counts> {
  const { customers = 2000, years = 3, seed = 1 } = options;
  const client = new Client({ connectionString: options.url, application_name: "kehu demo" });
  await client.connect();
  try {
    await client.query("begin");
    // One demo at a time: a second start waits here and then finds the records of the first.
    await client.query("select pg_advisory_xact_lock(hashtext('kehu demo'))");
    if (await holdsRecords(client))
      throw new CompanyNotEmpty("the database already holds a company; the demo company goes into an empty one only");
    const { rows } = await client.query("select from crm.pipeline_stages where pipeline = 'default' limit 1");
    const sink = bufferedSink();
    const company = found(sink, options, customers, years, seed, rows.length > 0);
    const next = numbering();
    await withoutIndexes(client, async () => {
      for (let block = 0; block * blockSize < customers; block++) {
        await writeBlock(company, sink, block, customers, next);
        const done = Math.min(customers, (block + 1) * blockSize);
        if (done % customersAtOnce !== 0) continue;
        await sink.flush(client);
        options.onProgress?.({ customers: done, of: customers });
      }
      writeTargets(company, sink);
      await sink.flush(client);
      await sink.settled();
    });
    await client.query("commit");
    options.onProgress?.({ customers, of: customers });
    return sink.counts;
  } finally {
    // Without a commit, ending the connection rolls back.
    await client.end();
  }
}

/** The company before its customers: people, products, rates. */
function found(sink: Sink, options: DemoOptions, customers: number, years: number, seed: number, hasPipeline: boolean): Company {
  const calendar = demoCalendar(options.until, years, options.timezone);
  const rates = exchangeRates(randomFrom(seed, "rates"), calendar, options.currency);
  // Ten times the customers do not need ten times the people.
  const people = organisation(randomFrom(seed, "people"), calendar, Math.max(1, Math.sqrt(customers / 2000)));
  const goods = catalogue(randomFrom(seed, "products"), rates.priceScale);
  const founded = calendar.start - 8 * 365 * 86_400_000;
  const departmentIds = writeDepartments(sink, founded);
  const employeeIds = writeEmployees(sink, randomFrom(seed, "mobiles"), calendar, people.employees, departmentIds);
  const productIds = writeCatalogue(sink, founded, goods, options.currency);
  if (!hasPipeline) writePipeline(sink, founded);
  writeRates(sink, rates);
  let sum = 0;
  return {
    seed,
    calendar,
    rates,
    organisation: people,
    products: goods.products,
    popularity: goods.products.map((product) => (sum += product.popularity)),
    linesPerCustomer: options.linesPerCustomer ?? 50,
    employeeIds,
    departmentIds,
    productIds,
    actuals: actualsOver(calendar.monthOf(calendar.until) + 1),
  };
}

async function writeBlock(
  company: Company,
  sink: Sink,
  block: number,
  customers: number,
  next: ReturnType<typeof numbering>,
): Promise<void> {
  const lives = customerBlock(company, sink, block, customers);
  for (const [position, life] of lives.entries()) {
    const profile = nameCustomer(company, life);
    const { won, deals } = writeOpportunities(company, sink, life);
    const sales = writeOrders(company, sink, life, won, next);
    // The block's sixth customer heads a small group of the six after it.
    const parent = position > 5 && position < 12 ? lives[5]!.id : null;
    const steps = statusSteps(company, life, sales);
    const contacts = writeCustomer(company, sink, life, profile, steps, parent);
    const termination = writeContracts(company, sink, life, sales, next);
    writeCustomerEvents(company, sink, life, steps, termination);
    writeActivities(company, sink, life, deals, contacts);
    writeLeads(company, sink, life, deals[0]?.id ?? null);
    // Lets the copy of the batch before go on while this one is made.
    await setImmediate();
  }
}

interface BufferedSink extends Sink {
  counts: Counts;
  /** Waits for the batch before and starts to copy this one. */
  flush(client: Client): Promise<void>;
  /** The last copy's end. */
  settled(): Promise<void>;
}

function bufferedSink(): BufferedSink {
  const counts = Object.fromEntries(tableNames.map((table) => [table, 0])) as Counts;
  const emptyBatch = (): Map<TableName, string[]> => new Map(tableNames.map((table) => [table, []]));
  const id = idSequence();
  let lines = emptyBatch();
  let copying = Promise.resolve();
  const copy = async (client: Client, batch: Map<TableName, string[]>): Promise<void> => {
    for (const [table, rows] of batch) {
      if (rows.length === 0) continue;
      await copyIn(client, `copy crm.${table} (${columnsOf(table).join(", ")}) from stdin`, rows);
      counts[table] += rows.length;
    }
  };
  return {
    counts,
    id,
    add: (table, row) => void lines.get(table)!.push(rowText(table, row)),
    event: (table, event) => void lines.get(table)!.push(eventText({ id: id(event.at), ...event })),
    async flush(client) {
      await copying;
      copying = copy(client, lines);
      // A failure is thrown by the next flush or by `settled`; until then it is not an unhandled one.
      copying.catch(() => {});
      lines = emptyBatch();
    },
    settled: () => copying,
  };
}
