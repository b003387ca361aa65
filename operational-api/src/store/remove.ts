import type { RowGrant } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { entities, entityNamed } from "../entities/index.ts";
import { Problem } from "../problem.ts";
import { referencesOf } from "../validation/fields.ts";
import type { Row } from "../validation/record-schema.ts";
import { plural, singular } from "./row-scope.ts";
import { query, quoted, tableOf } from "./sql.ts";
import { updateRow } from "./update.ts";
import type { Write } from "./write.ts";

/** Rows of other entities that refer to this record and would be left hanging; what is written inside the record goes and comes back with it. */
const referringTo = async (write: Write, entity: Entity, id: string): Promise<{ entity: Entity; count: number }[]> => {
  const ways = entities
    .filter((other) => other.name !== entity.children?.entity)
    .map((other) => ({
      other,
      columns: referencesOf(other).flatMap(({ column, entity: target }) => (target === entity.name ? [column] : [])),
    }))
    .filter(({ columns }) => columns.length > 0);
  if (ways.length === 0) return [];
  const counts = ways.map(
    ({ other, columns }) =>
      `select '${other.name}' as name, count(*) as count from ${tableOf(other)}
       where deleted_at is null and (${columns.map((column) => `${quoted(column)} = $1`).join(" or ")})`,
  );
  const found = await query<{ name: string; count: number }>(write.client, counts.join(" union all "), [id]);
  return found.filter(({ count }) => count > 0).map(({ name, count }) => ({ entity: entityNamed(name), count }));
};

const named = ({ entity, count }: { entity: Entity; count: number }): string =>
  `${count} ${count === 1 ? singular(entity) : plural(entity)}`;

/** Children share their parent's `deleted_at`, so that a restore brings back exactly those that went with it. */
const markChildren = async (write: Write, entity: Entity, id: string, from: string | null, to: string | null): Promise<void> => {
  if (!entity.children) return;
  const child = entityNamed(entity.children.entity);
  await query(
    write.client,
    `with marked as (
       update ${tableOf(child)} set deleted_at = $3::timestamptz, updated_at = $4::timestamptz, version = version + 1
       where ${quoted(entity.children.parentColumn)} = $1 and deleted_at is not distinct from $2::timestamptz
       returning id)
     insert into audit.entries (at, actor_id, action, entity, record_id, old_values, new_values, ip, request_id)
     select $4::timestamptz, $5::text, case when $3::timestamptz is null then 'restore' else 'delete' end, '${child.name}', id::text,
            jsonb_build_object('deleted_at', $2::text), jsonb_build_object('deleted_at', $3::text), $6::text, $7::text
     from marked`,
    [id, from, to, write.now, write.principal.userId, write.source.ip, write.source.requestId],
  );
};

/** Marks a locked record deleted; its `external_id` and other keys are free from then on. 409 when something refers to it. */
export const softDelete = async (write: Write, entity: Entity, before: Row, grant: RowGrant): Promise<void> => {
  const id = String(before["id"]);
  const referring = await referringTo(write, entity, id);
  if (referring.length > 0) {
    throw new Problem(409, `this ${singular(entity)} can't be deleted: ${referring.map(named).join(", ")} refer to it`, {
      errors: referring.map((each) => ({ field: each.entity.table, reason: `${named(each)} refer to this ${singular(entity)}` })),
    });
  }
  await updateRow(write, entity, before, { action: "delete", changes: { deleted_at: write.now }, events: [] }, grant);
  await markChildren(write, entity, id, null, write.now);
};

/** Brings a locked deleted record back. 409 when what it refers to is deleted; a taken key is Postgres's unique violation. */
export const restore = async (write: Write, entity: Entity, before: Row, grant: RowGrant): Promise<Row> => {
  const id = String(before["id"]);
  for (const { column, entity: name } of referencesOf(entity)) {
    const target = entityNamed(name);
    if ((before[column] ?? null) === null) continue;
    // Locked, so that it is not being deleted meanwhile by somebody who does not see this record.
    const [above] = await query<{ gone: boolean }>(
      write.client,
      `select deleted_at is not null as gone from ${tableOf(target)} where id = $1 for key share`,
      [before[column]],
    );
    if (above?.gone) throw new Problem(409, `the ${singular(target)} of this ${singular(entity)} is deleted; restore it first`);
  }
  const [deleted] = await query<{ at: string }>(write.client, `select deleted_at as at from ${tableOf(entity)} where id = $1`, [id]);
  const withDeletion: Row = { ...before, deleted_at: deleted?.at ?? null };
  const { row } = await updateRow(write, entity, withDeletion, { action: "restore", changes: { deleted_at: null }, events: [] }, grant);
  await markChildren(write, entity, id, deleted?.at ?? null, null);
  return row;
};
