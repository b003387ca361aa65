import { collectionOf, entities, entityNamed, type Column, type Entity } from "@kehu/operational-api/definitions";

/** A number from 0 up to 1. */
export type Random = () => number;

/** What a caller sends; the API may refuse it. */
export interface OddRequest {
  method: "POST" | "PATCH" | "DELETE";
  path: string;
  body?: Record<string, unknown>;
}

/** Ids of records by collection. */
export type KnownIds = Map<string, string[]>;

/** Where calendars, zones and month ends make arithmetic hard, beside ordinary days around the cut. */
const days = `
  0001-01-01 0001-12-31 1582-10-10 1899-12-31 1991-09-15 1992-01-01 2000-02-29 2024-02-29 2025-11-22
  2026-01-31 2026-02-28 2026-10-31 2026-11-01 2026-11-21 2026-11-22 2026-11-30 2099-12-31 9999-12-31`
  .trim()
  .split(/\s+/);
const months = ["0001-01-01", "1991-12-01", "2025-12-01", "2026-11-01", "2026-12-01", "2099-12-01", "9999-12-01"];
const instants = `
  0001-01-01T00:00:00Z 1899-12-31T15:54:17Z 1991-09-14T15:00:00Z 2023-12-31T16:00:00Z 2025-11-22T01:30:00Z
  2026-10-31T15:59:59.999999Z 2026-10-31T16:00:00Z 2026-11-20T04:00:00Z 2026-11-21T15:59:59.999999Z
  2026-11-22T01:30:00Z 2026-11-22T01:30:00.000001Z 2030-01-01T00:00:00Z 2099-12-31T23:59:59Z 9999-12-31T23:59:59Z`
  .trim()
  .split(/\s+/);
const money = ["0", "0", "0.01", "0.01", "0.02", "0.05", "1", "99.99", "1234.56", "50000", "9999999999999.99", "9999999999999999.99"];
const quantities = ["0", "0.0001", "0.3333", "1", "1", "3", "1000000"];
const rates = ["9999999999.99999999", "0", "0.00000001", "0.13", "0.4", "0.5", "0.99999999", "1", "1", "7.1", "100000"];
const integers = [0, 1, 1, 2, 3, 7, 2_147_483_646, 2_147_483_647];
const texts = ["北京", "'; --", "{{ var }}", "\\", "100%", "🀄"];

/** Mulberry32: the same seed, the same requests. */
export const randomFrom = (seed: number): Random => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/**
 * A request that makes, changes, moves or deletes a record of any kind; its values lie at the ends of what their types hold, beside ordinary ones that they
 * can be added to. What entities there are and what their columns take is read from their definitions.
 */
export function oddRequest(random: Random, ids: KnownIds): OddRequest {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const idOf = (entity: string): string | undefined => {
    const known = ids.get(collectionOf(entityNamed(entity)));
    return known && known.length > 0 ? pick(known) : undefined;
  };
  const text = (longest: number): string => `${pick(texts)}${Math.floor(random() * 1e9)}`.slice(0, longest);

  const valueOf = (name: string, column: Column): unknown => {
    if (column.references) return idOf(column.references);
    const within = (value: number | string): boolean =>
      Number(value) >= (column.minimum ?? -Infinity) &&
      Number(value) <= (column.maximum ?? Infinity) &&
      (!column.positive || Number(value) > 0);
    switch (column.type) {
      case "enum":
        return pick(Object.keys(column.values ?? {}));
      case "date":
        return name === "month" ? pick(months) : pick(days);
      case "instant":
        return pick(instants);
      case "money":
        return pick(money.filter(within));
      case "quantity":
        return pick(quantities.filter(within));
      case "rate":
        return pick(rates.filter(within));
      case "integer":
        return pick([...integers.filter(within), column.minimum ?? 0]);
      case "boolean":
        return random() < 0.5;
      case "currency":
        return pick(["CNY", "CNY", "USD", "JPY"]);
      default:
        return text(column.maxLength ?? 200);
    }
  };

  const bodyOf = (entity: Entity, share: number): Record<string, unknown> => {
    const body: Record<string, unknown> = {};
    for (const [name, column] of Object.entries(entity.columns)) {
      if (column.readOnly || name === "stage" || name === "pipeline" || name === "status") continue;
      if (!column.required && random() > share) continue;
      const value = valueOf(name, column);
      if (value !== undefined) body[name] = value;
    }
    if (random() < 0.4) body["created_at"] = pick(instants);
    // Without a rate of its own a foreign document is refused where no rate is known.
    if (body["currency"] === undefined || body["currency"] === "CNY") delete body["exchange_rate"];
    else if (entity.columns["exchange_rate"] && random() < 0.8)
      body["exchange_rate"] = pick(["0.00000001", "0.05", "0.4", "1", "7.1", "100"]);
    return body;
  };

  const made = (entity: Entity): OddRequest => {
    const body = bodyOf(entity, 0.7);
    const status = entity.columns["status"];
    if (status?.values && !status.readOnly && random() < 0.7) body["status"] = pick(Object.keys(status.values));
    if (entity.name === "pipeline_stage") Object.assign(body, { pipeline: pick(["default", "another"]), code: text(20) });
    if (entity.name === "opportunity") {
      const times = [pick(instants), pick(instants), pick(instants)].toSorted();
      const stages = pick([
        ["first_talk", "negotiation", "won"],
        ["negotiation", "lost", "first_talk"],
        ["won", "first_talk", "won"],
        ["first_talk", "lost", "won"],
        ["negotiation", "first_talk", "negotiation"],
      ]);
      Object.assign(body, { pipeline: "default" });
      delete body["closed_at"];
      if (random() < 0.6) body["stage_history"] = times.map((effective_at, at) => ({ stage: stages[at], effective_at }));
    }
    const { children } = entity;
    if (children) {
      const child = entityNamed(children.entity);
      const lines = Array.from({ length: 1 + Math.floor(random() * 6) }, () => {
        const { [children.parentColumn]: _parent, created_at: _created, ...line } = bodyOf(child, 0.6);
        return line;
      });
      // Tax alone: the whole of the lines is given away, and their tax is still owed.
      if (random() < 0.3) {
        for (const line of lines) Object.assign(line, { quantity: "1", unit_price: pick(["0.01", "1", "3.33"]), discount_rate: "0" });
        body["discount"] = lines.reduce((sum, line) => sum + Number(line["unit_price"]), 0).toFixed(2);
      }
      body[children.field] = lines;
    }
    return { method: "POST", path: `/api/v1/${collectionOf(entity)}`, body };
  };

  const isAlone = (entity: Entity): boolean => !entities.some((other) => other.children?.entity === entity.name);
  const kinds = entities.filter((entity) => isAlone(entity) && entity.name !== "company_setting");
  // What figures are made of comes more often.
  const frequent = ["order", "order", "order", "receipt", "receipt", "instalment", "opportunity", "opportunity", "contract"].map(
    entityNamed,
  );
  const entity = pick([...kinds, ...frequent]);
  const id = idOf(entity.name);
  const chance = random();
  if (id === undefined || chance < 0.6) return made(entity);
  const path = `/api/v1/${collectionOf(entity)}/${id}`;
  if (entity.name === "order" && chance < 0.85)
    return { method: "POST", path: `${path}/${pick(["approve", "approve", "approve", "cancel"])}`, body: {} };
  if (entity.name === "opportunity" && chance < 0.75)
    return {
      method: "POST",
      path: `${path}/stage`,
      body: { stage: pick(["first_talk", "negotiation", "won", "lost"]), effective_at: pick(instants) },
    };
  if (chance < 0.95) return { method: "PATCH", path, body: bodyOf(entity, 0.15) };
  return { method: "DELETE", path };
}
