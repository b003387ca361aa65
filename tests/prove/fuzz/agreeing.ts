import type { Random } from "../../../operational-api/src/demo/random.ts";
import { knownSettings } from "../../../operational-api/src/entities/known-settings.ts";
import type { Json, Operation } from "./operations.ts";
import { isContainer } from "./placing.ts";

/** Undefined: the field is left out. */
type Fields = Record<string, Json | undefined>;

const roleNames = ["analyst", "finance", "partner", "purchaser"];

/** By collection: fields that must agree with each other, or with what is there, which no schema says. */
const byCollection: Readonly<Record<string, (random: Random) => Fields>> = {
  "churn-definitions": () => ({ method: "days", days: 90 }),
  "column-rules": (random) => ({ role: random.pick(roleNames), entity: "contact", column_name: random.pick(["mobile", "email", "title"]) }),
  "company-settings": (random) => {
    const { key, default: value } = random.pick(knownSettings);
    return { key, value };
  },
  contracts: () => ({ starts_on: "2026-01-01", ends_on: "2026-12-31", signed_on: null, terminated_on: null, renewal_of_id: null }),
  opportunities: () => ({ pipeline: "default", stage: "first_talk", closed_at: undefined, stage_history: undefined }),
  permissions: (random) => ({ role: random.pick(roleNames), entity: "customer", customers: null, product_lines: null }),
  targets: (random) => ({ month: `2026-${random.pick(["01", "06", "11"])}-01` }),
  users: (random) => ({ roles: [random.pick(roleNames)] }),
};

const fieldsOf = ({ path, method }: Operation, record: Record<string, Json>, random: Random): Fields => {
  if (path === "/api/v1/opportunities/{id}/stage") return { stage: random.pick(["first_talk", "negotiation", "won", "lost"]) };
  const collection = /^\/api\/v1\/([\w-]+)(\/batch|\/\{id\})?$/.exec(path)?.[1] ?? "";
  return {
    ...byCollection[collection]?.(random),
    // In the company currency there is but one rate, and a change may be of a record in it.
    ...("exchange_rate" in record &&
      (method === "PATCH" || record["currency"] !== "USD") && { currency: undefined, exchange_rate: undefined }),
    // Lines that are there have ids of their own.
    ...("lines" in record && method === "PATCH" && { lines: undefined }),
  };
};

const put = (record: Record<string, Json>, fields: Fields): void => {
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) delete record[name];
    else record[name] = value;
  }
};

/** Makes a body that its schema allows one that the operation can take, where the schema alone leaves that to luck. */
export const agree = (operation: Operation, body: Json, random: Random): void => {
  if (!isContainer(body) || Array.isArray(body)) return;
  const records = Array.isArray(body["records"]) ? body["records"] : [body];
  for (const record of records) {
    if (!isContainer(record) || Array.isArray(record)) continue;
    put(record, fieldsOf(operation, record, random));
    // A share, though it is a decimal like any other.
    const { lines } = record;
    if (Array.isArray(lines))
      for (const line of lines) if (isContainer(line)) Object.assign(line, { discount_rate: "0.1", tax_rate: "0.13" });
  }
};
