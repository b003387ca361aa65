import { sql, type SQL } from "drizzle-orm";
import {
  type AnyPgColumn,
  boolean,
  check,
  date,
  type ExtraConfigColumn,
  foreignKey,
  index,
  integer,
  numeric,
  type PgColumnBuilderBase,
  pgSchema,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { Column, Entity } from "../entities/definition.ts";

/** Not exported by the schema's entry file: the migration makes it first, because `crm.uuidv7()` must exist before the tables do. */
export const crm = pgSchema("crm");

export const instant = () => timestamp({ withTimezone: true, precision: 6, mode: "string" });
export const newId = sql`crm.uuidv7()`;

const plainColumn = (column: Column) => {
  switch (column.type) {
    case "uuid":
      return uuid();
    case "integer":
      return integer();
    case "boolean":
      return boolean();
    case "date":
      return date({ mode: "string" });
    case "instant":
      return instant();
    case "money":
      return numeric({ precision: 18, scale: 2 });
    case "quantity":
      return numeric({ precision: 18, scale: 4 });
    case "rate":
      return numeric({ precision: 18, scale: 8 });
    case "text":
    case "enum":
    case "currency":
      return text();
  }
};

/** The default as Postgres says it; the company currency is a setting, so only the API can fill it in. */
const defaultOf = (column: Column): SQL | undefined => {
  if (column.default === undefined || column.default === "company_currency") return undefined;
  if (column.default === "now") return sql`now()`;
  return typeof column.default === "string" ? sql.raw(`'${column.default.replaceAll("'", "''")}'`) : sql.raw(String(column.default));
};

const columnBuilder = (column: Column): PgColumnBuilderBase => {
  let builder = plainColumn(column) as ReturnType<typeof text>;
  const fallback = defaultOf(column);
  if (fallback) builder = builder.default(fallback) as typeof builder;
  return column.required || column.default !== undefined ? builder.notNull() : builder;
};

/** Indexed: what lists look up or sort by. Not enums and booleans: a few values over many rows make no useful index. */
const wantsIndex = (column: Column): boolean =>
  column.references !== undefined || ((column.filter || column.sort) === true && column.type !== "enum" && column.type !== "boolean");

/** A part of a unique key. Null counts as a value (a department's target has no employee, and there is one of it), so it gets a stand-in. */
const keyPart = (column: AnyPgColumn, definition: Column | undefined) => {
  if (!definition || definition.required || definition.default !== undefined) return column;
  if (definition.type === "uuid") return sql`coalesce(${column}, '00000000-0000-0000-0000-000000000000'::uuid)`;
  // The API takes no empty text.
  if (definition.type === "text" || definition.type === "enum") return sql`coalesce(${column}, '')`;
  throw new Error(`a nullable ${definition.type} can't be part of a unique key yet`);
};

/**
 * The Postgres table of an entity in schema `crm` (docs/architecture.md, "Postgres tables in crm").
 * `tableOf` gives the table an entity name refers to, for the foreign keys; it is called late, so tables may refer to each other.
 */
export const entityTable = (entity: Entity, tableOf: (entityName: string) => Record<string, AnyPgColumn>) => {
  const own = Object.fromEntries(Object.entries(entity.columns).map(([name, column]) => [name, columnBuilder(column)]));
  const columns: Record<string, PgColumnBuilderBase> = {
    row_key: integer().notNull().generatedAlwaysAsIdentity(),
    id: uuid().primaryKey().default(newId),
    external_id: text(),
    ...own,
    created_at: instant().notNull().defaultNow(),
    recorded_at: instant().notNull().defaultNow(),
    updated_at: instant().notNull().defaultNow(),
    deleted_at: instant(),
    version: integer().notNull().default(1),
  };
  return crm.table(entity.table, columns, (table) => {
    const columnOf = (name: string): AnyPgColumn => {
      const column = (table as Record<string, AnyPgColumn>)[name];
      if (!column) throw new Error(`entity "${entity.name}" has no column "${name}"`);
      return column;
    };
    const present = sql`${columnOf("deleted_at")} is null`;
    const keys = (entity.unique ?? []).map((group) => {
      const [first, ...rest] = group.map((name) => keyPart(columnOf(name), entity.columns[name]));
      if (!first) throw new Error(`entity "${entity.name}" has an empty unique group`);
      return uniqueIndex(`${entity.table}_${group.join("_")}_key`)
        .on(first, ...rest)
        .where(present);
    });
    const references = Object.entries(entity.columns).flatMap(([name, column]) => {
      const target =
        column.references && (column.references === entity.name ? (table as Record<string, AnyPgColumn>) : tableOf(column.references));
      return target
        ? [foreignKey({ name: `${entity.table}_${name}_fkey`, columns: [columnOf(name)], foreignColumns: [target["id"] as AnyPgColumn] })]
        : [];
    });
    const lookups = Object.entries(entity.columns)
      .filter(([, column]) => wantsIndex(column))
      .map(([name, column]) => {
        const lookup = index(`${entity.table}_${name}_idx`);
        // Lists sort by this and then by id: with both in the index a page is read straight from it, however many rows share the value.
        return column.sort ? lookup.on(columnOf(name), columnOf("id")) : lookup.on(columnOf(name));
      });
    const searches = Object.entries(entity.columns)
      .filter(([, column]) => column.search)
      .map(([name]) =>
        index(`${entity.table}_${name}_trgm`).using("gin", (columnOf(name) as unknown as ExtraConfigColumn).op("gin_trgm_ops")),
      );
    const codes = Object.entries(entity.columns)
      .filter(([, column]) => column.values)
      .map(([name, column]) => {
        const allowed = Object.keys(column.values ?? {}).map((code) => `'${code}'`);
        return check(`${entity.table}_${name}_check`, sql`${columnOf(name)} in (${sql.raw(allowed.join(", "))})`);
      });
    return [
      uniqueIndex(`${entity.table}_external_id_key`).on(columnOf("external_id")).where(present),
      index(`${entity.table}_created_at_idx`).on(columnOf("created_at"), columnOf("id")),
      index(`${entity.table}_updated_at_idx`).on(columnOf("updated_at"), columnOf("id")),
      ...keys,
      ...references,
      ...lookups,
      ...searches,
      ...codes,
    ];
  });
};
