import type { ClientBase } from "pg";
import { entityNamed } from "../../entities/index.ts";
import { createParams, type Params, quoted, tableOf } from "../../store/sql.ts";
import { sealWaiting } from "../seal.ts";
import { eraseAuditValues } from "./audit-values.ts";
import { erasedMark, freeTexts, isTelling, personalColumns } from "./personal-columns.ts";
import type { Sought } from "./sought.ts";
import { eraseAccounts, replaceIn } from "./other-schemas.ts";

/** Where something was erased, and how many rows or values. */
export interface ErasedPlace {
  place: string;
  count: number;
}

export interface ErasureTarget {
  erasureId: string;
  entity: string;
  recordId: string;
  requestedBy: string | null;
}

const identifying = (entity: string): string[] => [...(personalColumns[entity] ?? []), "external_id"];

/** The person's values, now and in the trail of the record. */
async function valuesOf(client: ClientBase, { entity, recordId }: ErasureTarget): Promise<string[]> {
  const columns = identifying(entity);
  const { rows } = await client.query<{ value: string }>(
    `select distinct value from (
       select to_jsonb(record) ->> sought.name as value from ${tableOf(entityNamed(entity))} as record, unnest($2::text[]) as sought (name) where record.id = $1::uuid
       union all
       select held.value #>> '{}' from audit.entries, lateral audit.values_of(entries) as held
       where entity = $3 and record_id = $1::uuid::text and substr(held.path, 5) = any ($2)
     ) as found where value is not null and value <> '' and value <> $4`,
    [recordId, columns, entity, erasedMark],
  );
  return rows.map(({ value }) => value);
}

/** Whether a record of somebody else holds the value in what names a person. */
async function isShared(client: ClientBase, value: string, recordId: string): Promise<boolean> {
  const others = Object.entries(personalColumns).map(
    ([name, columns]) =>
      `exists (select from ${tableOf(entityNamed(name))} where id <> $2::uuid and (${columns.map((column) => `strpos(${quoted(column)}, $1) > 0`).join(" or ")}))`,
  );
  const { rows } = await client.query<{ shared: boolean }>(`select ${others.join(" or ")} as shared`, [value, recordId]);
  return rows[0]?.shared === true;
}

/** SQL of the audit entries of rows that `erased` names by id. */
const audited = (params: Params, target: ErasureTarget, entity: string, fields: readonly string[]): string => `
  insert into audit.entries (at, actor_id, action, entity, record_id, new_values)
  select now(), ${params.add(target.requestedBy)}::text, 'erase', '${entity}', id::text,
         jsonb_build_object('erasure', ${params.add(target.erasureId)}::text, 'fields', ${params.add(fields)}::text[]) from erased`;

async function eraseRecord(client: ClientBase, target: ErasureTarget): Promise<ErasedPlace> {
  const definition = entityNamed(target.entity);
  const columns = identifying(target.entity);
  const params = createParams();
  const assignments = columns.map((name) => `${quoted(name)} = ${definition.columns[name]?.required ? params.add(erasedMark) : "null"}`);
  const update = `update ${tableOf(definition)} set ${assignments.join(", ")}, version = version + 1, updated_at = now()
    where id = ${params.add(target.recordId)}::uuid returning id`;
  const { rowCount } = await client.query(`with erased as (${update}) ${audited(params, target, target.entity, columns)}`, params.values);
  return { place: `crm.${definition.table}`, count: rowCount ?? 0 };
}

/** Texts about the person: everywhere for what is telling; a shared value only in records that name the person as their contact. */
async function eraseFreeTexts(client: ClientBase, target: ErasureTarget, { telling, shared }: Sought): Promise<ErasedPlace[]> {
  const places: ErasedPlace[] = [];
  for (const { entity, columns } of freeTexts()) {
    const isLinked = target.entity === "contact" && entity.columns["contact_id"] !== undefined;
    for (const column of columns) {
      for (const value of [...telling, ...(isLinked ? shared.filter(isTelling) : [])]) {
        const params = createParams();
        const text = params.add(value);
        const linked = telling.includes(value) ? "" : ` and contact_id = ${params.add(target.recordId)}::uuid`;
        const update = `update ${tableOf(entity)} set ${quoted(column)} = replace(${quoted(column)}, ${text}, ${params.add(erasedMark)}),
          version = version + 1, updated_at = now() where strpos(${quoted(column)}, ${text}) > 0${linked} returning id`;
        const { rowCount } = await client.query(
          `with erased as (${update}) ${audited(params, target, entity.name, [column])}`,
          params.values,
        );
        if (rowCount) places.push({ place: `crm.${entity.table}.${column}`, count: rowCount });
      }
    }
  }
  return places;
}

/**
 * Erases a person from everything in Postgres, within the caller's transaction: the record, texts about the person, values in the audit trail (their digests
 * stay), answers kept for retries, what the portal keeps, and an employee's account. `client` is the owner's. Gives what later steps look for, and the places.
 */
export async function erasePerson(client: ClientBase, target: ErasureTarget): Promise<{ sought: Sought; places: ErasedPlace[] }> {
  const definition = entityNamed(target.entity);
  await client.query(`select from ${tableOf(definition)} where id = $1::uuid for update`, [target.recordId]);
  const values = await valuesOf(client, target);
  const sought: Sought = { telling: [], shared: [] };
  for (const value of values) {
    const isOnlyTheirs = isTelling(value) && !(await isShared(client, value, target.recordId));
    sought[isOnlyTheirs ? "telling" : "shared"].push(value);
  }
  const places = [await eraseRecord(client, target), ...(await eraseFreeTexts(client, target, sought))];
  // A value is only erased once its digest stands.
  while (await sealWaiting(client));
  places.push({ place: "audit.entries", count: await eraseAuditValues(client, target, identifying(target.entity), sought.telling) });
  const { rowCount } = await client.query(
    `delete from portal.idempotency_keys where strpos(body, $1) > 0 or strpos(route, $1) > 0 or exists (select from unnest($2::text[]) as value where strpos(body, value) > 0)`,
    [target.recordId, sought.telling],
  );
  places.push({ place: "portal.idempotency_keys", count: rowCount ?? 0 });
  if (target.entity === "employee") places.push(...(await eraseAccounts(client, target.recordId)));
  places.push(...(await replaceIn(client, ["portal", "auth"], sought.telling)));
  return { sought, places };
}
