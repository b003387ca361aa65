import { type Column, type Entity, systemColumns } from "../entities/definition.ts";

/** Every column the API knows of an entity, in the order it shows them: id, external_id, own columns, times, version. */
export const columnsOf = (entity: Entity): Readonly<Record<string, Column>> => {
  const known = columnsByEntity.get(entity.name);
  if (known) return known;
  const { id, external_id, ...rest } = systemColumns;
  const columns: Record<string, Column> = { id, external_id, ...entity.columns, ...rest };
  columnsByEntity.set(entity.name, columns);
  return columns;
};
const columnsByEntity = new Map<string, Readonly<Record<string, Column>>>();

/** The column of that name. Throws when there is none: a wrong name is a programming error. */
export const columnNamed = (entity: Entity, name: string): Column => {
  const column = columnsOf(entity)[name];
  if (!column) throw new Error(`entity "${entity.name}" has no column "${name}"`);
  return column;
};

/** `customer_id` may be given as `customer_external_id`. */
export const externalNameOf = (column: string): string => column.replace(/_id$/, "_external_id");

/** The columns that refer to other entities. */
export const referencesOf = (entity: Entity): { column: string; entity: string; required: boolean }[] =>
  Object.entries(entity.columns).flatMap(([column, { references, required }]) =>
    references ? [{ column, entity: references, required: required === true }] : [],
  );

const ordered = new Set(["integer", "date", "instant", "money", "quantity", "rate"]);

/** Whether `_gte`, `_lte`, `_gt`, `_lt` make sense. */
export const isOrdered = (column: Column): boolean => ordered.has(column.type);

export const namesWhere = (entity: Entity, holds: (column: Column) => boolean): string[] =>
  Object.entries(columnsOf(entity)).flatMap(([name, column]) => (holds(column) ? [name] : []));
