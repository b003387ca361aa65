import type { Column, Entity } from "../entities/definition.ts";
import type { Write } from "../store/write.ts";
import { canonicalDecimal } from "../validation/decimal.ts";
import type { Row, Value } from "../validation/record-schema.ts";

const isDecimal = (column: Column): column is Column & { type: "money" | "quantity" | "rate" } =>
  column.type === "money" || column.type === "quantity" || column.type === "rate";

const defaultOf = (column: Column, write: Write): Value => {
  if (column.default === undefined) return null;
  if (column.default === "company_currency") return write.settings.currency;
  if (column.default === "now" && column.type === "instant") return write.now;
  return isDecimal(column) ? canonicalDecimal(String(column.default), column.type) : column.default;
};

/** Gives every column of the entity a value, so that all rows of a batch have the same shape. */
export const fillDefaults = (entity: Entity, values: Row, write: Write): void => {
  for (const [name, column] of Object.entries(entity.columns)) values[name] ??= defaultOf(column, write);
  values["external_id"] ??= null;
  values["created_at"] ??= write.now;
  values["recorded_at"] = write.now;
  values["updated_at"] = write.now;
};
