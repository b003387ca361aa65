import { type Context, Hono } from "hono";
import type { Entity } from "../entities/definition.ts";
import { collectionOf } from "../entities/index.ts";
import { Problem } from "../problem.ts";
import { shownChildren, withChildren } from "../records/children.ts";
import { changeRecord } from "../records/change.ts";
import { createRecords } from "../records/create.ts";
import { deleteRecord, restoreRecord } from "../records/remove.ts";
import { asShown, findVisible, lockFor } from "../store/find.ts";
import { readListQuery, selectableFields } from "../store/list-query.ts";
import { listRows } from "../store/list.ts";
import { plural, requireGrant } from "../store/row-scope.ts";
import { refuseHidden } from "../store/shown-columns.ts";
import type { Queryable } from "../store/sql.ts";
import type { Row } from "../validation/record-schema.ts";
import { batchBytes, checkMatch, type Env, etagOf, readJson, recordBytes } from "./request.ts";
import type { ApiDependencies, Outcome, Writer } from "./write.ts";

export const largestBatch = 10_000;

/** A record read for the caller as an answer shows it, children included. */
const withShownChildren = async (
  client: Queryable,
  context: Context<Env>,
  entity: Entity,
  row: Row,
  currency: string,
): Promise<Record<string, unknown>> => {
  const id = String(row["id"]);
  const principal = context.get("principal");
  const children = entity.children ? (await shownChildren(client, principal, entity.children, [id])).get(id) : undefined;
  return withChildren(principal, entity, row, children, currency);
};

/** A record that was just written as an answer shows it to who wrote it. */
export const shownRecord = async (
  client: Queryable,
  context: Context<Env>,
  entity: Entity,
  row: Row,
  currency: string,
): Promise<Record<string, unknown>> =>
  withShownChildren(client, context, entity, await asShown(client, context.get("principal"), entity, row), currency);

const pick = (record: Record<string, unknown>, fields: readonly string[] | undefined): Record<string, unknown> =>
  fields ? Object.fromEntries(["id", ...fields].map((name) => [name, record[name] ?? null])) : record;

const readFields = (entity: Entity, text: string | undefined): string[] | undefined => {
  const fields = text?.split(",").map((name) => name.trim());
  const unknown = fields?.filter((name) => !selectableFields(entity).includes(name)) ?? [];
  if (unknown.length === 0) return fields;
  const reason = `there is no ${unknown.join(", ")}; there are ${selectableFields(entity).join(", ")}`;
  throw new Problem(400, `fields: ${reason}`, { errors: [{ field: "fields", reason }] });
};

/** The records of a batch body: a list, or an object with the list under `records`. */
const recordsOf = (body: unknown): unknown[] => {
  const list: unknown = Array.isArray(body)
    ? body
    : typeof body === "object" && body !== null && "records" in body
      ? body.records
      : undefined;
  if (!Array.isArray(list))
    throw new Problem(422, 'expected {"records": [ … ]}', { errors: [{ field: "records", reason: "expected a list of records" }] });
  if (list.length === 0 || list.length > largestBatch) {
    const reason = `expected 1 to ${largestBatch} records, not ${list.length}`;
    throw new Problem(422, reason, { errors: [{ field: "records", reason }] });
  }
  return list;
};

const idOf = (context: Context<Env>): string => context.req.param("id") ?? "";

/** Reading: the same for every collection. */
const addReads = (app: Hono<Env>, base: string, entity: Entity, { pool, settings }: ApiDependencies): void => {
  app.get(base, async (context) => {
    const wanted = readListQuery(entity, new URL(context.req.url).searchParams);
    const principal = context.get("principal");
    const { rows, next } = await listRows(pool, principal, entity, wanted);
    const withLines = entity.children && wanted.fields?.includes(entity.children.field);
    const lines =
      withLines && entity.children
        ? await shownChildren(
            pool,
            principal,
            entity.children,
            rows.map((row) => String(row["id"])),
          )
        : undefined;
    const data = rows.map((row) => {
      const record = withChildren(principal, entity, row, lines?.get(String(row["id"])), settings.currency);
      if (entity.children && !withLines) delete record[entity.children.field];
      return pick(record, wanted.fields);
    });
    return context.json({ data, next_cursor: next }, 200, { "cache-control": "private, no-store" });
  });

  app.get(`${base}/:id`, async (context) => {
    const fields = readFields(entity, context.req.query("fields"));
    const principal = context.get("principal");
    requireGrant(principal, "read", entity);
    refuseHidden(
      principal,
      entity,
      (fields ?? []).map((column) => ({ field: "fields", column })),
    );
    const row = await findVisible(pool, principal, entity, idOf(context));
    const etag = etagOf(row["version"]);
    const headers = { etag, "cache-control": "private, no-cache" };
    if (context.req.header("if-none-match") === etag) return context.body(null, 304, headers);
    return context.json(pick(await withShownChildren(pool, context, entity, row, settings.currency), fields), 200, headers);
  });
};

const addWrites = (app: Hono<Env>, base: string, entity: Entity, { settings }: ApiDependencies, write: Writer): void => {
  const recordOutcome = async (context: Context<Env>, client: Queryable, row: Row, status: 200 | 201): Promise<Outcome> => ({
    status,
    body: await shownRecord(client, context, entity, row, settings.currency),
    headers: { etag: etagOf(row["version"]), ...(status === 201 && { location: `${base}/${String(row["id"])}` }) },
  });

  app.post(base, async (context) => {
    const { text, body } = await readJson(context, recordBytes);
    return write(context, text, async (transaction) => {
      const [created] = await createRecords(transaction, entity, [body], false);
      if (!created) throw new Error("one body made no record");
      const { row } = created;
      return {
        status: 201,
        body: await shownRecord(transaction.client, context, entity, row, settings.currency),
        headers: { etag: etagOf(row["version"]), location: `${base}/${String(row["id"])}` },
      };
    });
  });

  app.post(`${base}/batch`, async (context) => {
    const { text, body } = await readJson(context, batchBytes);
    const records = recordsOf(body);
    return write(context, text, async (transaction) => {
      const created = await createRecords(transaction, entity, records, true);
      return { status: 201, body: { count: created.length, data: created.map(({ row }) => row) } };
    });
  });

  app.patch(`${base}/:id`, async (context) => {
    const { text, body } = await readJson(context, recordBytes);
    return write(context, text, async (transaction) => {
      const locked = await lockFor(transaction.client, context.get("principal"), entity, idOf(context), "update");
      checkMatch(context, locked.row["version"], true);
      const row = await changeRecord(transaction, entity, locked, { action: "update", body });
      return recordOutcome(context, transaction.client, row, 200);
    });
  });

  app.delete(`${base}/:id`, (context) =>
    write(context, "", async (transaction) => {
      const locked = await lockFor(transaction.client, context.get("principal"), entity, idOf(context), "delete");
      checkMatch(context, locked.row["version"], true);
      await deleteRecord(transaction, entity, locked);
      return { status: 204 };
    }),
  );

  app.post(`${base}/:id/restore`, async (context) => {
    const { text } = await readJson(context, recordBytes, true);
    return write(context, text, async (transaction) => {
      const locked = await lockFor(transaction.client, context.get("principal"), entity, idOf(context), "delete", true);
      checkMatch(context, locked.row["version"], false);
      const row = await restoreRecord(transaction, entity, locked);
      return recordOutcome(context, transaction.client, row, 200);
    });
  });
};

/** The entity whose body carries this one's rows (an order its lines): they are read by themselves, and written there. */
const writtenWith = (entity: Entity, all: readonly Entity[]): Entity | undefined =>
  all.find((other) => other.children?.entity === entity.name);

const notAllowed = (allow: string, detail: string) => (): never => {
  throw new Problem(405, detail, { headers: { allow } });
};

/** Every collection has the same routes; what differs is in the entity's definition and rules. */
export const collectionRoutes = (entity: Entity, all: readonly Entity[], dependencies: ApiDependencies, write: Writer): Hono<Env> => {
  const app = new Hono<Env>();
  const base = `/api/v1/${collectionOf(entity)}`;
  const owner = writtenWith(entity, all);
  addReads(app, base, entity, dependencies);
  if (owner) {
    const detail = `${plural(entity)} are written with their ${owner.name}: PATCH /api/v1/${collectionOf(owner)}/{id} with "${owner.children?.field ?? ""}"`;
    app.all(base, notAllowed("GET", detail));
    app.all(`${base}/*`, notAllowed("GET", detail));
    return app;
  }
  addWrites(app, base, entity, dependencies, write);
  app.all(base, notAllowed("GET, POST", `${base} takes GET and POST`));
  app.all(`${base}/batch`, notAllowed("POST", `${base}/batch takes POST`));
  app.all(`${base}/:id`, notAllowed("GET, PATCH, DELETE", `${base}/{id} takes GET, PATCH and DELETE`));
  app.all(`${base}/:id/restore`, notAllowed("POST", `${base}/{id}/restore takes POST`));
  return app;
};
