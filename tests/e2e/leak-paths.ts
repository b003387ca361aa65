import { collectionOfPlanted, type Planted, type PlantedEntity } from "../plant.ts";
import { eventually, type Session } from "../stack.ts";
import { workbookText } from "../workbook.ts";
import { views } from "./leak-views.ts";

/** Views that show the entity's records one by one, by the record's id. Contacts and lines are shown by no view. */
const viewOf: Partial<Record<PlantedEntity, string>> = {
  customer: "customers",
  lead: "leads",
  opportunity: "opportunities",
  activity: "activities",
  order: "orders",
  receipt: "receipts",
  target: "targets",
};

/** A dimension of the view that carries the planted text: what a filter's drop-down would list. */
const textDimension: Partial<Record<PlantedEntity, string>> = {
  customer: "customers.name",
  lead: "leads.name",
  opportunity: "opportunities.name",
  order: "orders.number",
  activity: "activities.customer",
  receipt: "receipts.customer",
};

/** The mart that holds an entity's records one by one, and the column with the record's id. */
const martOf: Partial<Record<PlantedEntity, readonly [mart: string, id: string]>> = {
  customer: ["dim_customers", "customer_id"],
  contact: ["dim_contacts", "contact_id"],
  lead: ["fct_leads", "lead_id"],
  opportunity: ["fct_opportunities", "opportunity_id"],
  activity: ["fct_activities", "activity_id"],
  order: ["fct_orders", "order_id"],
  receipt: ["fct_receipts", "receipt_id"],
  target: ["fct_targets", "target_id"],
};

/** Which of the entities' planted records a statement over their marts finds, by one statement for all. A user runs few statements at a time. */
async function selected(
  session: Session,
  entities: readonly PlantedEntity[],
  planted: Planted,
  format: "json" | "csv",
): Promise<Set<PlantedEntity>> {
  const { ids } = planted;
  const branches = entities.map((entity, index) => {
    const [mart, id] = martOf[entity] ?? [];
    return `select ${id} as found from ${mart} where ${id} = $${index + 1}`;
  });
  const body = JSON.stringify({ sql: branches.join(" union all "), params: entities.map((entity) => ids[entity]), format });
  const response = await eventually("a free place for a statement", async () => {
    const answer = await session.fetch("/api/sql", { method: "POST", body });
    return answer.status === 429 ? null : answer;
  });
  const text = await response.text();
  if (response.status === 403) {
    if (entities.length === 1) return new Set();
    // One mart the caller may not read at all refuses the whole statement: then each by itself.
    const singly = await Promise.all(entities.map((entity) => selected(session, [entity], planted, format)));
    return new Set(singly.flatMap((found) => [...found]));
  }
  if (!response.ok) throw new Error(`SQL on ${entities.join(", ")}: ${response.status} ${text.slice(0, 500)}`);
  return new Set(entities.filter((entity) => text.includes(ids[entity])));
}

/** Null where the path is closed to the caller altogether. */
const unlessClosed = <T>(asking: Promise<T>): Promise<T | null> =>
  asking.catch((error: Error) => {
    if (/: 40[34] /.test(error.message)) return null;
    throw error;
  });

const hasMart = (entity: PlantedEntity): boolean => martOf[entity] !== undefined;

/** Entities with a page of records in the portal, and so a workbook. */
const withPage: readonly PlantedEntity[] = ["customer", "opportunity", "order", "receipt"];

/** One way for a record to leave. */
export interface Path {
  name: string;
  /** The permission that opens it. */
  action: "read" | "export";
  /** Whether records of the entity leave this way at all. */
  carries(entity: PlantedEntity): boolean;
  /** Whether the permission on the entity alone opens it. A target is shown beside what was attained of it, so it needs those of orders too. */
  isOpenedAlone(entity: PlantedEntity): boolean;
  /** Whether the caller gets the record. Only for what the path carries; throws on any answer but a plain yes or no. */
  sees(session: Session, entity: PlantedEntity, planted: Planted): Promise<boolean>;
  /** The same for several entities at once, where the path can: one question instead of many. */
  seesAmong?(session: Session, entities: readonly PlantedEntity[], planted: Planted): Promise<Set<PlantedEntity>>;
}

const shown = (entity: PlantedEntity): string => {
  const view = viewOf[entity];
  if (!view) throw new Error(`no view shows a ${entity}`);
  return view;
};

const byId = (entity: PlantedEntity, { ids }: Planted): object => {
  const id = `${shown(entity)}.id`;
  return { dimensions: [id], filters: [{ member: id, operator: "equals", values: [ids[entity]] }] };
};

/** The page or workbook that shows the planted record alone. */
async function recordsFile(session: Session, prefix: string, entity: PlantedEntity, { ids }: Planted): Promise<Buffer> {
  const path = `${prefix}/${shown(entity)}?period=all&id=${ids[entity]}`;
  const response = await session.fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${(await response.text()).slice(0, 500)}`);
  return Buffer.from(await response.arrayBuffer());
}

const isFound = async (asking: Promise<{ data: unknown[] }>): Promise<boolean> => ((await unlessClosed(asking))?.data.length ?? 0) > 0;

const isShown = (entity: PlantedEntity): boolean => viewOf[entity] !== undefined;
const needsNoOther = (entity: PlantedEntity): boolean => {
  const expectation = views[shown(entity)];
  return expectation !== undefined && "needs" in expectation && expectation.needs.every((needed) => needed === entity);
};
const hasPage = (entity: PlantedEntity): boolean => withPage.includes(entity);

export const paths: readonly Path[] = [
  {
    name: "list",
    action: "read",
    carries: () => true,
    isOpenedAlone: () => true,
    sees: async (session, entity, { ids }) => {
      const page = await unlessClosed(session.json<{ data: unknown[] }>(`/api/v1/${collectionOfPlanted[entity]}?id=${ids[entity]}`));
      return page !== null && page.data.length > 0;
    },
  },
  {
    name: "get",
    action: "read",
    carries: () => true,
    isOpenedAlone: () => true,
    sees: async (session, entity, { ids }) => {
      const { status } = await session.fetch(`/api/v1/${collectionOfPlanted[entity]}/${ids[entity]}`);
      if (![200, 403, 404].includes(status)) throw new Error(`GET answered ${status}`);
      return status === 200;
    },
  },
  {
    name: "SQL",
    action: "read",
    carries: hasMart,
    isOpenedAlone: () => true,
    sees: async (session, entity, planted) => (await selected(session, [entity], planted, "json")).has(entity),
    seesAmong: (session, entities, planted) => selected(session, entities, planted, "json"),
  },
  {
    name: "SQL for export",
    action: "export",
    carries: hasMart,
    isOpenedAlone: () => true,
    sees: async (session, entity, planted) => (await selected(session, [entity], planted, "csv")).has(entity),
    seesAmong: (session, entities, planted) => selected(session, entities, planted, "csv"),
  },
  {
    name: "load",
    action: "read",
    carries: isShown,
    isOpenedAlone: needsNoOther,
    sees: (session, entity, planted) => isFound(session.load(byId(entity, planted))),
  },
  {
    name: "load for export",
    action: "export",
    carries: isShown,
    isOpenedAlone: needsNoOther,
    sees: (session, entity, planted) => isFound(session.load(byId(entity, planted), { "kehu-purpose": "export" })),
  },
  {
    name: "filter values",
    action: "read",
    carries: (entity) => textDimension[entity] !== undefined,
    isOpenedAlone: needsNoOther,
    sees: (session, entity, { text }) => {
      const dimension = textDimension[entity];
      const filters = [{ member: dimension, operator: "contains", values: [text] }];
      return isFound(session.load({ dimensions: [dimension], filters }));
    },
  },
  {
    name: "drill-through page",
    action: "read",
    carries: hasPage,
    isOpenedAlone: needsNoOther,
    sees: async (session, entity, planted) =>
      (await unlessClosed(recordsFile(session, "/records", entity, planted)))?.includes(planted.text) ?? false,
  },
  {
    name: "workbook",
    action: "export",
    carries: hasPage,
    isOpenedAlone: needsNoOther,
    sees: async (session, entity, planted) => {
      const file = await unlessClosed(recordsFile(session, "/export/records", entity, planted));
      return file !== null && workbookText(file).includes(planted.text);
    },
  },
];
