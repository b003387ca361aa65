import type { Principal } from "../auth/index.ts";
import { type Action, grantFor, type RowGrant } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { Problem } from "../problem.ts";
import type { Row } from "../validation/record-schema.ts";
import { selectList } from "./output.ts";
import { refusedAction, requireGrant, singular, withinGrant } from "./row-scope.ts";
import { hasColumnRules, ownPredicate, shownColumns } from "./shown-columns.ts";
import { createParams, type Params, query, type Queryable, tableOf } from "./sql.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** One answer for what is not there, is deleted, or is another's: who may not see a record must not learn that it exists. */
export const notFound = (entity: Entity): Problem => new Problem(404, `there is no ${singular(entity)} with this id that you may see`);

/** The record as the caller may read it; 403 without any right to read, 404 when not visible. */
export const findVisible = async (client: Queryable, principal: Principal, entity: Entity, id: string): Promise<Row> => {
  const grant = requireGrant(principal, "read", entity);
  if (!uuid.test(id)) throw notFound(entity);
  const params = createParams();
  const key = params.add(id);
  const list = selectList(entity, "record", shownColumns(principal, entity, "record", params));
  // Its text is the same for everybody whose rows go by people alone and who sees every column.
  const isUsual = !hasColumnRules(principal, entity) && !(grant.rows === "some" && grant.terms);
  const [row] = await query<Row>(
    client,
    `select ${list} from ${tableOf(entity)} as record
     where record.id = ${key} and record.deleted_at is null and ${withinGrant(entity, grant, "record", params)}`,
    params.values,
    isUsual ? `find ${entity.name} ${grant.rows}` : undefined,
  );
  if (!row) throw notFound(entity);
  return row;
};

/** A row that the caller has just written, as the caller sees it. */
export const asShown = async (client: Queryable, principal: Principal, entity: Entity, row: Row): Promise<Row> => {
  if (!hasColumnRules(principal, entity)) return row;
  const params = createParams();
  const key = params.add(row["id"]);
  const list = selectList(entity, "record", shownColumns(principal, entity, "record", params));
  const [shown] = await query<Row>(client, `select ${list} from ${tableOf(entity)} as record where record.id = ${key}`, params.values);
  if (!shown) throw new Error(`${entity.name} ${String(row["id"])} vanished in the transaction that wrote it`);
  return shown;
};

export interface Locked {
  row: Row;
  /** The grant that the changed row must lie within, too. */
  grant: RowGrant;
  /** Whether the record is the caller's own. */
  own: boolean;
}

/**
 * Locks a record for `action`: a deletion also against new references to it, a change only against other changes.
 * 404 when not visible to the caller; 403 when visible but outside the action's grant. `deleted` looks among the deleted ones.
 */
export const lockFor = async (
  client: Queryable,
  principal: Principal,
  entity: Entity,
  id: string,
  action: Action,
  deleted = false,
): Promise<Locked> => {
  const readable = requireGrant(principal, "read", entity);
  const grant = grantFor(principal.scope, action, entity.name);
  if (!uuid.test(id)) throw notFound(entity);
  const params: Params = createParams();
  const key = params.add(id);
  const [found] = await query<Row & { kehu_allowed: boolean; kehu_own: boolean }>(
    client,
    `select ${selectList(entity, "record")}, ${withinGrant(entity, grant, "record", params)} as kehu_allowed,
            ${ownPredicate(principal, entity, "record", params)} as kehu_own from ${tableOf(entity)} as record
     where record.id = ${key} and record.deleted_at is ${deleted ? "not null" : "null"} and ${withinGrant(entity, readable, "record", params)}
     for ${action === "delete" ? "update" : "no key update"} of record`,
    params.values,
  );
  if (!found) throw notFound(entity);
  const { kehu_allowed: allowed, kehu_own: own, ...row } = found;
  if (!allowed) {
    throw grant.rows === "none"
      ? refusedAction(principal, action, entity)
      : new Problem(403, `you may see this ${singular(entity)}, but it is outside the rows that your right "${action}" covers`);
  }
  return { row: row as Row, grant, own };
};
