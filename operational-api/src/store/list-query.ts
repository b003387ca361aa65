import type { Column, Entity } from "../entities/definition.ts";
import { type Fault, Problem } from "../problem.ts";
import { controlCharacters, valueSchema } from "../validation/column-schema.ts";
import { columnNamed, isOrdered, namesWhere } from "../validation/fields.ts";
import { nearestName } from "../validation/nearest-name.ts";
import type { Value } from "../validation/record-schema.ts";
import { fieldsOf } from "./output.ts";

export const defaultLimit = 50;
export const largestLimit = 500;

const operators = { gte: ">=", lte: "<=", gt: ">", lt: "<" } as const;
type Operator = (typeof operators)[keyof typeof operators];

/** `in`: any of these; null among them means "has none". */
export type Filter = { column: string } & ({ kind: "in"; values: Value[] } | { kind: "compare"; operator: Operator; value: Value });

/** A list request, read and found to be allowed. */
export interface ListQuery {
  limit: number;
  cursor: string | undefined;
  filters: Filter[];
  sort: { column: string; descending: boolean };
  /** Names to show; undefined for all. */
  fields: string[] | undefined;
  search: string | undefined;
}

const reserved = ["limit", "cursor", "sort", "fields", "q"];

/** The names of the filter parameters of a collection, as OpenAPI lists them. */
export const filterNames = (entity: Entity): string[] =>
  namesWhere(entity, (column) => column.filter === true).flatMap((name) =>
    isOrdered(columnNamed(entity, name)) ? [name, ...Object.keys(operators).map((suffix) => `${name}_${suffix}`)] : [name],
  );

export const sortNames = (entity: Entity): string[] => ["id", ...namesWhere(entity, (column) => column.sort === true)];
export const searchNames = (entity: Entity): string[] => namesWhere(entity, (column) => column.search === true);
/** What `fields=` may name. */
export const selectableFields = (entity: Entity): string[] =>
  entity.children ? [...fieldsOf(entity), entity.children.field] : fieldsOf(entity);

/** A filter's value out of the address: texts become what the column's schema takes. */
const readValue = (column: Column, text: string): { value: Value } | { reason: string } => {
  const raw: unknown =
    column.type === "boolean" && (text === "true" || text === "false")
      ? text === "true"
      : column.type === "integer" && /^-?\d+$/.test(text)
        ? Number(text)
        : text;
  const parsed = valueSchema({ ...column, maxLength: 2000 }).safeParse(raw);
  return parsed.success ? { value: parsed.data } : { reason: parsed.error.issues[0]?.message ?? "is not a value of this field" };
};

const findFilter = (entity: Entity, name: string): { column: string; operator: Operator | null } | null => {
  if (!filterNames(entity).includes(name)) return null;
  const suffix = /_(gte|lte|gt|lt)$/.exec(name)?.[1] as keyof typeof operators | undefined;
  const base = suffix ? name.slice(0, -suffix.length - 1) : name;
  return suffix && !namesWhere(entity, (column) => column.filter === true).includes(name)
    ? { column: base, operator: operators[suffix] }
    : { column: name, operator: null };
};

/**
 * Reads the query of a list. Throws Problem 400 with every parameter that is unknown or not allowed, and what would be.
 * `?status=open,won` and `?status=open&status=won` mean either; `?owner_id=null` means none.
 */
export const readListQuery = (entity: Entity, search: URLSearchParams): ListQuery => {
  const faults: Fault[] = [];
  const filters: Filter[] = [];
  const one = (name: string): string | undefined => {
    const all = search.getAll(name);
    if (all.length > 1) faults.push({ field: name, reason: "may be given once" });
    return all[0];
  };

  const limitText = one("limit") ?? String(defaultLimit);
  const limit = Number(limitText);
  if (!/^\d{1,4}$/.test(limitText) || limit < 1 || limit > largestLimit)
    faults.push({ field: "limit", reason: `must be a whole number from 1 to ${largestLimit}` });

  const sortText = one("sort") ?? "id";
  const descending = sortText.startsWith("-");
  const sortColumn = descending ? sortText.slice(1) : sortText;
  if (!sortNames(entity).includes(sortColumn)) {
    faults.push({
      field: "sort",
      reason: `can't sort by "${sortColumn}"; allowed: ${sortNames(entity).join(", ")}, each also with - in front`,
    });
  }

  const fieldsText = one("fields");
  const fields = fieldsText?.split(",").map((name) => name.trim());
  const unknownFields = fields?.filter((name) => !selectableFields(entity).includes(name)) ?? [];
  if (unknownFields.length > 0) {
    faults.push({ field: "fields", reason: `there is no ${unknownFields.join(", ")}; there are ${selectableFields(entity).join(", ")}` });
  }

  const q = one("q")?.trim();
  if (q && controlCharacters.test(q)) faults.push({ field: "q", reason: "must not contain control characters" });
  if (q && searchNames(entity).length === 0) faults.push({ field: "q", reason: "this collection has no text to search" });

  for (const name of new Set(search.keys())) {
    if (reserved.includes(name)) continue;
    const found = findFilter(entity, name);
    if (!found) {
      const known = filterNames(entity);
      const nearest = nearestName(name, [...known, ...reserved]);
      faults.push({
        field: name,
        reason: `is no filter here${nearest ? `; did you mean "${nearest}"?` : "."} Allowed: ${[...known, ...reserved].join(", ")}`,
      });
      continue;
    }
    const column = columnNamed(entity, found.column);
    const given = search.getAll(name);
    const texts = found.operator === null && column.type !== "text" ? given.flatMap((text) => text.split(",")) : given;
    if (found.operator !== null && texts.length > 1) faults.push({ field: name, reason: "may be given once" });
    const values: Value[] = [];
    for (const text of texts) {
      const read = text === "null" && found.operator === null ? { value: null } : readValue(column, text);
      if ("value" in read) values.push(read.value);
      else faults.push({ field: name, reason: `${read.reason}; not "${text.slice(0, 100)}"` });
    }
    const [first = null] = values;
    filters.push(
      found.operator === null
        ? { column: found.column, kind: "in", values }
        : { column: found.column, kind: "compare", operator: found.operator, value: first },
    );
  }
  if (faults.length > 0) throw new Problem(400, `${faults[0]?.field}: ${faults[0]?.reason}`, { errors: faults });
  return { limit, cursor: one("cursor"), filters, sort: { column: sortColumn, descending }, fields, search: q === "" ? undefined : q };
};
