import type { MiddlewareHandler } from "hono";
import type { Principal } from "../auth/index.ts";
import { accessTo } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { collectionOf, entities } from "../entities/index.ts";
import { type Env, sourceOf } from "../routes/request.ts";
import { query, type Queryable } from "../store/sql.ts";
import { inWrite, type WriteDependencies } from "../store/write.ts";
import { newId } from "../store/uuidv7.ts";

type MaskedColumns = ReadonlyMap<string, readonly string[]>;
type Shown = Record<string, unknown>;

const keptMs = 5_000;
const mostRecords = 100;

/** By entity the columns that some role sees masked, as of a few seconds ago at most. */
const createMaskedColumns = (accounts: Queryable): (() => Promise<MaskedColumns>) => {
  let known: { columns: MaskedColumns; at: number } | null = null;
  return async () => {
    if (known && performance.now() - known.at < keptMs) return known.columns;
    const at = performance.now();
    const rows = await query<{ entity: string; column_name: string }>(
      accounts,
      "select distinct entity, column_name from auth.column_rules where visibility = 'mask' order by 1, 2",
    );
    const byEntity = Map.groupBy(rows, ({ entity }) => entity);
    const columns = new Map([...byEntity].map(([entity, rules]) => [entity, rules.map(({ column_name: column }) => column)]));
    known = { columns, at };
    return columns;
  };
};

/** What the path reads: a collection, or one record of it. */
const readEntity = (path: string): Entity | undefined => {
  const [collection = "", id, ...more] = path.slice("/api/v1/".length).split("/");
  return more.length > 0 || id === "batch" ? undefined : entities.find((entity) => collectionOf(entity) === collection);
};

/** The records of an answer of which the caller saw such a column as it is, though they are not the caller's own. */
const seenIn = (principal: Principal, body: Shown, columns: readonly string[]): Shown[] => {
  const records = Array.isArray(body["data"]) ? (body["data"] as Shown[]) : [body];
  return records.filter(
    (record) =>
      (record["owner_id"] === undefined || record["owner_id"] !== principal.employeeId) &&
      columns.some((column) => (record[column] ?? null) !== null),
  );
};

/**
 * Leaves an entry `read` in the audit trail, before the answer goes out, when somebody to whom a column is shown in everybody's rows reads one that other roles
 * see masked (a stranger's mobile number). Who sees it in own rows only reads nothing there that is not his business.
 */
export const auditMaskedReads = (dependencies: WriteDependencies, accounts: Queryable): MiddlewareHandler<Env> => {
  const maskedColumns = createMaskedColumns(accounts);
  return async (context, next) => {
    await next();
    if (context.req.method !== "GET" || context.res.status !== 200) return;
    const entity = readEntity(context.req.path);
    const masked = entity && (await maskedColumns()).get(entity.name);
    if (!entity || !masked) return;
    const principal = context.get("principal");
    const columns = masked.filter((column) => accessTo(principal.scope, entity.name, column).others === "show");
    if (columns.length === 0) return;
    const seen = seenIn(principal, (await context.res.clone().json()) as Shown, columns);
    if (seen.length === 0) return;
    const fields = columns.filter((column) => seen.some((record) => (record[column] ?? null) !== null));
    const ids = seen.map(({ id }) => String(id));
    const told = ids.length === 1 ? { fields } : { fields, count: ids.length, records: ids.slice(0, mostRecords) };
    await inWrite(dependencies, principal, sourceOf(context), async ({ client, now, source }) => {
      await query(
        client,
        `insert into audit.entries (id, at, actor_id, action, entity, record_id, new_values, ip, request_id) values ($1, $2, $3, 'read', $4, $5, $6, $7, $8)`,
        [
          newId(new Date(now)),
          now,
          principal.userId,
          entity.name,
          ids.length === 1 ? ids[0] : null,
          JSON.stringify(told),
          source.ip,
          source.requestId,
        ],
      );
    });
  };
};
