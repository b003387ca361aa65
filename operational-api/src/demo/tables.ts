import { activity } from "../entities/activity.ts";
import { contact } from "../entities/contact.ts";
import { contract } from "../entities/contract.ts";
import { customer } from "../entities/customer.ts";
import { customerEvent } from "../entities/customer-event.ts";
import type { Column } from "../entities/definition.ts";
import { department } from "../entities/department.ts";
import { employee } from "../entities/employee.ts";
import { exchangeRate } from "../entities/exchange-rate.ts";
import { instalment } from "../entities/instalment.ts";
import { lead } from "../entities/lead.ts";
import { opportunity } from "../entities/opportunity.ts";
import { order } from "../entities/order.ts";
import { orderLine } from "../entities/order-line.ts";
import { pipelineStage } from "../entities/pipeline-stage.ts";
import { product } from "../entities/product.ts";
import { productCategory } from "../entities/product-category.ts";
import { receipt } from "../entities/receipt.ts";
import { target } from "../entities/target.ts";

/** Every entity's table, parents before children: the order in which a batch is copied. */
export const entityTables = {
  departments: department,
  employees: employee,
  product_categories: productCategory,
  products: product,
  pipeline_stages: pipelineStage,
  exchange_rates: exchangeRate,
  customers: customer,
  contacts: contact,
  customer_events: customerEvent,
  opportunities: opportunity,
  leads: lead,
  activities: activity,
  contracts: contract,
  orders: order,
  order_lines: orderLine,
  instalments: instalment,
  receipts: receipt,
  targets: target,
} as const;

export const eventTables = [
  "stage_events",
  "status_events",
  "owner_events",
  "department_events",
  "amount_events",
  "expected_close_events",
] as const;

export type EntityTable = keyof typeof entityTables;
export type EventTable = (typeof eventTables)[number];
export type TableName = EntityTable | EventTable;
export const tableNames: readonly TableName[] = [...(Object.keys(entityTables) as EntityTable[]), ...eventTables];

/** Text as it is; instants in milliseconds; money in cents; quantities and rates as numbers; dates `2026-11-22`. */
export type Cell = string | number | boolean | null;

/** A row of an entity: `at` is its business time, `updatedAt` that of the last change. What is not given takes the entity's default, else null. */
export type Row<T extends EntityTable> = { id: string; at: number; updatedAt?: number; external_id?: string } & {
  [C in keyof (typeof entityTables)[T]["columns"]]?: Cell;
};

export interface Event {
  id: string;
  entity: string;
  record: string;
  at: number;
  from: string | null;
  to: string | null;
}

const instant = (at: number): string => new Date(at).toISOString();
const escape = (text: string): string =>
  /[\\\t\n\r]/.test(text)
    ? text.replace(/[\\\t\n\r]/g, (found) => ({ "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" })[found]!)
    : text;

const cellText = (column: Column): ((cell: Cell | undefined) => string) => {
  const fallback =
    column.default === undefined || column.default === "company_currency" || column.default === "now" ? null : column.default;
  const write = (cell: Cell): string => {
    if (typeof cell === "boolean") return cell ? "t" : "f";
    if (typeof cell === "string") return escape(cell);
    if (column.type === "instant") return instant(cell!);
    return column.type === "money" ? (cell! / 100).toFixed(2) : String(cell);
  };
  const absent = fallback === null ? "\\N" : typeof fallback === "boolean" ? (fallback ? "t" : "f") : String(fallback);
  return (cell) => (cell === undefined ? absent : cell === null ? "\\N" : write(cell));
};

const writers = new Map(
  Object.entries(entityTables).map(([table, entity]) => {
    const columns = Object.entries<Column>(entity.columns).map(([name, column]) => ({ name, text: cellText(column) }));
    return [table, columns] as const;
  }),
);

/** The columns a row's text has, in order. `row_key` is not among them: Postgres gives it. */
export const columnsOf = (table: TableName): string[] => {
  const own = writers.get(table);
  if (!own) return ["id", "entity", "record_id", "from_value", "to_value", "effective_at", "recorded_at"];
  return ["id", "external_id", "created_at", "recorded_at", "updated_at", ...own.map((column) => column.name)];
};

/** A row as a line of Postgres's COPY text format. What happened was recorded when it happened. */
export function rowText<T extends EntityTable>(table: T, row: Row<T>): string {
  const at = instant(row.at);
  let text = `${row.id}\t${row.external_id ?? "\\N"}\t${at}\t${at}\t${row.updatedAt === undefined ? at : instant(row.updatedAt)}`;
  const cells = row as Record<string, Cell | undefined>;
  for (const column of writers.get(table)!) text += `\t${column.text(cells[column.name])}`;
  return `${text}\n`;
}

export const eventText = (event: Event): string => {
  const at = instant(event.at);
  return `${event.id}\t${event.entity}\t${event.record}\t${event.from ?? "\\N"}\t${event.to ?? "\\N"}\t${at}\t${at}\n`;
};
