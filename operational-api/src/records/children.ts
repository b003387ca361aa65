import type { RowGrant } from "../auth/scope.ts";
import { grantFor } from "../auth/scope.ts";
import type { Principal } from "../auth/index.ts";
import type { Entity } from "../entities/definition.ts";
import { entityNamed } from "../entities/index.ts";
import type { Fault } from "../problem.ts";
import { insertRows } from "../store/insert.ts";
import { present, selectList } from "../store/output.ts";
import { withinGrant } from "../store/row-scope.ts";
import { shownColumns } from "../store/shown-columns.ts";
import { createParams, query, quoted, type Queryable, tableOf } from "../store/sql.ts";
import { differing, updateRow } from "../store/update.ts";
import { newId } from "../store/uuidv7.ts";
import type { Write } from "../store/write.ts";
import type { Row } from "../validation/record-schema.ts";
import { fillDefaults } from "./defaults.ts";

type Children = NonNullable<Entity["children"]>;

const unrestricted: RowGrant = { rows: "all" };

/** The child rows of these parents that the caller may read, as the caller sees them, by parent id, in their order. None without the right. */
export const shownChildren = async (
  client: Queryable,
  principal: Principal,
  children: Children,
  parentIds: readonly string[],
): Promise<Map<string, Row[]>> => {
  const child = entityNamed(children.entity);
  const grant = grantFor(principal.scope, "read", child.name);
  if (grant.rows === "none") return new Map();
  const params = createParams();
  const list = selectList(child, "record", shownColumns(principal, child, "record", params));
  const parents = params.add(parentIds);
  const rows = await query<Row & { kehu_parent: string }>(
    client,
    `select ${list}, record.${quoted(children.parentColumn)} as kehu_parent from ${tableOf(child)} as record
     where record.${quoted(children.parentColumn)} = any(${parents}::uuid[]) and record.deleted_at is null
       and ${withinGrant(child, grant, "record", params)} order by ${orderOf(child)}`,
    params.values,
  );
  const byParent = Map.groupBy(rows, ({ kehu_parent: parent }) => parent);
  return new Map([...byParent].map(([parent, list]) => [parent, list.map(({ kehu_parent: _parent, ...row }) => row as Row)]));
};

const orderOf = (child: Entity): string => (child.columns["line_number"] ? "record.line_number, record.id" : "record.id");

/** The child rows of these parents as they are stored, by parent id, in their order: for rules and changes, not to be shown. */
export const readChildren = async (client: Queryable, children: Children, parentIds: readonly string[]): Promise<Map<string, Row[]>> => {
  const child = entityNamed(children.entity);
  const rows = await query<Row>(
    client,
    `select ${selectList(child, "record")} from ${tableOf(child)} as record
     where record.${quoted(children.parentColumn)} = any($1::uuid[]) and record.deleted_at is null order by ${orderOf(child)}`,
    [parentIds],
    `children ${child.name}`,
  );
  return Map.groupBy(rows, (row) => String(row[children.parentColumn]));
};

/** A record with its children under their field, when the caller may read them. */
export const withChildren = (
  principal: Principal,
  entity: Entity,
  row: Row,
  children: readonly Row[] | undefined,
  companyCurrency: string,
): Record<string, unknown> => {
  const shown = present(entity, row, companyCurrency);
  const { children: definition } = entity;
  if (!definition || grantFor(principal.scope, "read", definition.entity).rows === "none") return shown;
  const child = entityNamed(definition.entity);
  return { ...shown, [definition.field]: (children ?? []).map((each) => present(child, each, companyCurrency)) };
};

/**
 * The children as a PATCH leaves them: one with the `id` of a present child changes that one, one without is new, a present one not named goes.
 * New ones must be whole; an unknown id is a fault.
 */
export const mergeChildren = (write: Write, children: Children, current: readonly Row[], given: readonly Row[], faults: Fault[]): Row[] => {
  const child = entityNamed(children.entity);
  const byId = new Map(current.map((row) => [String(row["id"]), row]));
  const named = new Set<string>();
  return given.map((values, position) => {
    const at = (field: string): string => `${children.field}[${position}].${field}`;
    const defined: Row = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
    if (values["id"] !== undefined) {
      const id = String(values["id"]);
      const present = byId.get(id);
      if (named.has(id)) faults.push({ field: at("id"), reason: "stands for an earlier one of this list already" });
      named.add(id);
      if (!present) faults.push({ field: at("id"), reason: `is none of this record's ${children.field}` });
      return { ...present, ...defined };
    }
    for (const [name, column] of Object.entries(child.columns)) {
      const missing = column.required && !column.references && defined[name] === undefined;
      if (missing) faults.push({ field: at(name), reason: "is required for a new one" });
    }
    const row: Row = { ...defined };
    fillDefaults(child, row, write);
    return row;
  });
};

/** Writes what `mergeChildren` decided. */
export const replaceChildren = async (
  write: Write,
  children: Children,
  parent: Row,
  current: readonly Row[],
  next: readonly Row[],
): Promise<void> => {
  const child = entityNamed(children.entity);
  const kept = new Map(next.flatMap((row) => (row["id"] === undefined ? [] : [[String(row["id"]), row] as const])));
  const names = ["external_id", ...Object.keys(child.columns)];
  const remaining: { before: Row; row: Row }[] = [];
  // Those that go free their keys for those that stay.
  for (const before of current) {
    const row = kept.get(String(before["id"]));
    if (row) remaining.push({ before, row });
    else await updateRow(write, child, before, { action: "delete", changes: { deleted_at: write.now } }, unrestricted);
  }
  for (const { before, row } of remaining) {
    const changes = differing(before, Object.fromEntries(names.map((name) => [name, row[name] ?? null])));
    if (Object.keys(changes).length > 0) await updateRow(write, child, before, { action: "update", changes }, unrestricted);
  }
  const added = next
    .filter((row) => row["id"] === undefined)
    .map((row) => ({ ...row, id: newId(new Date(write.now)), [children.parentColumn]: parent["id"] ?? null }));
  if (added.length > 0) await insertRows(write, child, added, [], unrestricted);
};
