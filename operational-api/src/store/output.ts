import type { Entity } from "../entities/definition.ts";
import { entityNamed } from "../entities/index.ts";
import type { Row } from "../validation/record-schema.ts";
import { columnsOf } from "../validation/fields.ts";
import { quoted } from "./sql.ts";

const hasMoney = (entity: Entity): boolean => Object.values(entity.columns).some((column) => column.type === "money");

/** Where the currency of an entity's money stands when it has no column of its own: with its parent, or it is the company's. */
const currencyOf = (entity: Entity): "own" | "none" | "company" | { parent: Entity; column: string } => {
  if (entity.columns["currency"]) return "own";
  if (!hasMoney(entity)) return "none";
  const parent = entity.scope === "reference" ? undefined : entity.scope.parent;
  return parent ? { parent: entityNamed(parent.entity), column: parent.column } : "company";
};

/** The names under which a record is shown, `currency` beside money included. */
export const fieldsOf = (entity: Entity): string[] => {
  const names = Object.keys(columnsOf(entity)).filter((name) => name !== "deleted_at");
  return currencyOf(entity) === "own" || currencyOf(entity) === "none" ? names : [...names, "currency"];
};

/**
 * The select list that gives `fieldsOf(entity)`, the company's currency apart (`present` adds that). `shown`: each column as the caller sees it,
 * undefined for one that is hidden and left out; without it the columns as they are stored.
 */
export const selectList = (entity: Entity, alias: string, shown?: (name: string) => string | undefined): string => {
  const currency = currencyOf(entity);
  return fieldsOf(entity)
    .filter((name) => name !== "currency" || currency === "own" || typeof currency === "object")
    .flatMap((name) => {
      if (name !== "currency" || typeof currency !== "object") {
        const column = shown ? shown(name) : `${alias}.${quoted(name)}`;
        return column === undefined ? [] : `${column} as ${quoted(name)}`;
      }
      return `(select above.currency from crm.${quoted(currency.parent.table)} as above where above.id = ${alias}.${quoted(currency.column)}) as currency`;
    })
    .join(", ");
};

/** A row of `selectList` as the API shows it. */
export const present = (entity: Entity, row: Row, companyCurrency: string): Row =>
  currencyOf(entity) === "company" ? { ...row, currency: companyCurrency } : row;
