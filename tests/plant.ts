import type { Session } from "./stack.ts";

/** One record of each entity; `text` is found in it wherever it is shown. */
export interface Planted {
  text: string;
  ids: Record<PlantedEntity, string>;
}

export const plantedEntities = [
  "customer",
  "contact",
  "customer_event",
  "lead",
  "opportunity",
  "activity",
  "contract",
  "order",
  "order_line",
  "instalment",
  "receipt",
  "target",
] as const;
export type PlantedEntity = (typeof plantedEntities)[number];

export const collectionOfPlanted: Record<PlantedEntity, string> = {
  customer: "customers",
  contact: "contacts",
  customer_event: "customer-events",
  lead: "leads",
  opportunity: "opportunities",
  activity: "activities",
  contract: "contracts",
  order: "orders",
  order_line: "order-lines",
  instalment: "instalments",
  receipt: "receipts",
  target: "targets",
};

interface Employee {
  id: string;
  department_id: string;
}

const create = async (
  session: Session,
  collection: string,
  body: object,
): Promise<{ id: string; lines?: { id: string }[]; version: number; lsn: string }> => {
  const response = await session.fetch(`/api/v1/${collection}`, { method: "POST", body: JSON.stringify(body) });
  if (response.status !== 201) throw new Error(`POST ${collection}: ${response.status} ${await response.text()}`);
  return {
    ...((await response.json()) as { id: string; lines?: { id: string }[]; version: number }),
    lsn: response.headers.get("kehu-commit") ?? "",
  };
};

/** Writes one record of each entity that belongs to `owner`, all carrying `text`. `month` keeps targets of several plantings apart. */
export async function plant(session: Session, owner: Employee, text: string, month: string): Promise<Planted & { lsn: string }> {
  const { data: products } = await session.json<{ data: { id: string }[] }>("/api/v1/products?limit=1");
  const product = products[0];
  if (!product) throw new Error("there is no product to order");
  const customer = await create(session, "customers", { name: `${text} customer`, owner_id: owner.id, province: `${text} region` });
  const contact = await create(session, "contacts", { customer_id: customer.id, name: `${text} contact` });
  const customerEvent = await create(session, "customer-events", {
    kind: "complaint",
    customer_id: customer.id,
    owner_id: owner.id,
    reason: `${text} reason`,
  });
  const lead = await create(session, "leads", { name: `${text} lead`, owner_id: owner.id });
  const opportunity = await create(session, "opportunities", {
    name: `${text} opportunity`,
    customer_id: customer.id,
    owner_id: owner.id,
    amount: "1000.00",
  });
  const activity = await create(session, "activities", {
    kind: "visit",
    subject: `${text} activity`,
    customer_id: customer.id,
    owner_id: owner.id,
  });
  const contract = await create(session, "contracts", {
    number: `${text} contract`,
    customer_id: customer.id,
    owner_id: owner.id,
    starts_on: "2026-01-01",
    ends_on: "2031-12-31",
    amount: "1000.00",
  });
  const order = await create(session, "orders", {
    number: `${text} order`,
    customer_id: customer.id,
    owner_id: owner.id,
    lines: [{ product_id: product.id, quantity: "2", unit_price: "100.00" }],
  });
  const approved = await session.fetch(`/api/v1/orders/${order.id}/approve`, { method: "POST", body: "{}" });
  if (!approved.ok) throw new Error(`approve: ${approved.status} ${await approved.text()}`);
  const instalment = await create(session, "instalments", {
    order_id: order.id,
    sequence: 1,
    due_on: "2026-12-31",
    amount: "200.00",
    note: `${text} instalment`,
  });
  const receipt = await create(session, "receipts", {
    number: `${text} receipt`,
    customer_id: customer.id,
    owner_id: owner.id,
    amount: "100.00",
  });
  const target = await create(session, "targets", {
    measure: "order_amount",
    level: "goal",
    department_id: owner.department_id,
    employee_id: owner.id,
    month,
    amount: "5000.00",
  });
  const line = order.lines?.[0];
  if (!line) throw new Error("the order came back without its line");
  return {
    text,
    lsn: target.lsn,
    ids: {
      customer: customer.id,
      contact: contact.id,
      customer_event: customerEvent.id,
      lead: lead.id,
      opportunity: opportunity.id,
      activity: activity.id,
      contract: contract.id,
      order: order.id,
      order_line: line.id,
      instalment: instalment.id,
      receipt: receipt.id,
      target: target.id,
    },
  };
}
