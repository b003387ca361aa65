import type { Principal } from "../auth/index.ts";
import { accessTo } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { columnNamed } from "../validation/fields.ts";
import type { Row } from "../validation/record-schema.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { type Filter, type ListQuery, searchNames } from "./list-query.ts";
import { selectList } from "./output.ts";
import { requireGrant, withinGrant } from "./row-scope.ts";
import { type ColumnUse, isHidden, refuseHidden, shownColumns } from "./shown-columns.ts";
import { createParams, type Params, query, type Queryable, tableOf } from "./sql.ts";

const sqlType = {
  uuid: "uuid",
  text: "text",
  enum: "text",
  currency: "text",
  integer: "int",
  boolean: "boolean",
  date: "date",
  instant: "timestamptz",
  money: "numeric",
  quantity: "numeric",
  rate: "numeric",
} as const;

type Shown = (name: string) => string;

const condition = (entity: Entity, filter: Filter, shown: Shown, params: Params): string => {
  const column = shown(filter.column);
  const type = sqlType[columnNamed(entity, filter.column).type];
  if (filter.kind === "compare") return `${column} ${filter.operator} ${params.add(filter.value)}::${type}`;
  const values = filter.values.filter((value) => value !== null);
  const ways = values.length > 0 ? [`${column} = any(${params.add(values)}::${type}[])`] : [];
  if (values.length < filter.values.length) ways.push(`${column} is null`);
  return `(${ways.join(" or ")})`;
};

/** What comes after the cursor, in the order of the list. Rows without a value come last, whichever way it is sorted. */
const afterCursor = (entity: Entity, wanted: ListQuery, cursor: string, shown: Shown, nullable: boolean, params: Params): string => {
  const { column, descending } = wanted.sort;
  const { value, id } = readCursor(cursor, sortText(wanted), columnNamed(entity, column).type);
  const sorted = shown(column);
  const past = descending ? "<" : ">";
  const key = `${params.add(id)}::uuid`;
  if (column === "id") return `record.id ${past} ${key}`;
  if (value === null) return `(${sorted} is null and record.id ${past} ${key})`;
  const last = `${params.add(value)}::${sqlType[columnNamed(entity, column).type]}`;
  const after = `(${sorted}, record.id) ${past} (${last}, ${key})`;
  return nullable ? `(${after} or ${sorted} is null)` : after;
};

const canBeNull = (principal: Principal, entity: Entity, name: string): boolean => {
  const column = entity.columns[name];
  const access = accessTo(principal.scope, entity.name, name);
  return (column !== undefined && !column.required && column.default === undefined) || access.own === "hide" || access.others === "hide";
};

const sortText = ({ sort }: ListQuery): string => (sort.descending ? `-${sort.column}` : sort.column);

const orderOf = ({ sort }: ListQuery, shown: Shown, nullable: boolean): string => {
  const direction = sort.descending ? "desc" : "asc";
  if (sort.column === "id") return `record.id ${direction}`;
  const nulls = nullable ? " nulls last" : "";
  return `${shown(sort.column)} ${direction}${nulls}, record.id ${direction}`;
};

const literalPattern = (text: string): string => `%${text.replace(/[\\%_]/g, (letter) => `\\${letter}`)}%`;

/** Every column that the list is asked to use. A search names its columns only when none of them is left. */
const usesOf = (principal: Principal, entity: Entity, { filters, sort, fields, search }: ListQuery): ColumnUse[] => {
  const searched = search === undefined ? [] : searchNames(entity);
  const isSearchable = searched.some((column) => !isHidden(principal, entity, column));
  return [
    ...(fields ?? []).map((column) => ({ field: "fields", column })),
    ...filters.map(({ column }) => ({ field: column, column })),
    { field: "sort", column: sort.column },
    ...(isSearchable ? [] : searched.map((column) => ({ field: "q", column }))),
  ];
};

/** One page of the rows the caller may read, each column as the caller sees it. `next` is the cursor of the page after it, null on the last. Throws Problem 400 or 403. */
export const listRows = async (
  client: Queryable,
  principal: Principal,
  entity: Entity,
  wanted: ListQuery,
): Promise<{ rows: Row[]; next: string | null }> => {
  const grant = requireGrant(principal, "read", entity);
  refuseHidden(principal, entity, usesOf(principal, entity, wanted));
  const params = createParams();
  const visible = shownColumns(principal, entity, "record", params);
  const shown: Shown = (name) => {
    const column = visible(name);
    if (column === undefined) throw new Error(`${entity.name}.${name} is hidden and was used all the same`);
    return column;
  };
  const nullable = canBeNull(principal, entity, wanted.sort.column);
  const conditions = ["record.deleted_at is null", withinGrant(entity, grant, "record", params)];
  for (const filter of wanted.filters) conditions.push(condition(entity, filter, shown, params));
  if (wanted.search !== undefined) {
    const pattern = params.add(literalPattern(wanted.search));
    const columns = searchNames(entity).flatMap((name) => visible(name) ?? []);
    conditions.push(`(${columns.map((column) => `${column} ilike ${pattern}`).join(" or ")})`);
  }
  if (wanted.cursor !== undefined) conditions.push(afterCursor(entity, wanted, wanted.cursor, shown, nullable, params));
  const rows = await query<Row>(
    client,
    `select ${selectList(entity, "record", visible)} from ${tableOf(entity)} as record
     where ${conditions.join("\n and ")} order by ${orderOf(wanted, shown, nullable)} limit ${wanted.limit + 1}`,
    params.values,
  );
  const page = rows.slice(0, wanted.limit);
  const last = page.at(-1);
  if (rows.length <= wanted.limit || !last) return { rows: page, next: null };
  const value = last[wanted.sort.column] ?? null;
  return {
    rows: page,
    next: writeCursor({ sort: sortText(wanted), value: value === null ? null : String(value), id: String(last["id"]) }),
  };
};
