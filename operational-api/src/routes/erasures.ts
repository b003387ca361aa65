import { Hono } from "hono";
import { z } from "zod";
import { personalColumns } from "../audit/erasure/personal-columns.ts";
import type { Principal } from "../auth/index.ts";
import { entityNamed } from "../entities/index.ts";
import { Problem } from "../problem.ts";
import { addAuditEntry } from "../store/audit.ts";
import { query, tableOf } from "../store/sql.ts";
import { idField, parseBody } from "../validation/body-schema.ts";
import { type Env, readJson, recordBytes } from "./request.ts";
import type { ApiDependencies, Writer } from "./write.ts";

const persons = Object.keys(personalColumns) as [string, ...string[]];

/** The body of `POST /api/v1/erasures`. */
export const erasureBody = z.strictObject({
  entity: z.enum(persons, { error: `expected one of ${persons.join(", ")}` }).describe("What the person is here"),
  record_id: idField.describe("The person's record; a deleted one can be erased, too"),
});

const requireAdministrator = ({ roles }: Principal): void => {
  if (!roles.includes("administrator")) throw new Problem(403, "erasing a person is for the role administrator");
};

/** A unique index says that the same person is not erased twice at a time. */
const alreadyRunning = "erasures_open_key";

/** Erasures of persons: asked for here, done by the warehouse process step by step, and told about here. */
export const erasureRoutes = ({ pool }: ApiDependencies, write: Writer): Hono<Env> => {
  const app = new Hono<Env>();

  app.post("/api/v1/erasures", async (context) => {
    requireAdministrator(context.get("principal"));
    const { text, body } = await readJson(context, recordBytes);
    const { entity, record_id: recordId } = parseBody(erasureBody, body);
    return write(context, text, async (transaction) => {
      const [found] = await query(transaction.client, `select 1 from ${tableOf(entityNamed(entity))} where id = $1`, [recordId]);
      if (!found) throw new Problem(404, `there is no ${entity} with this id`);
      const [job] = await query<{ id: string }>(
        transaction.client,
        `insert into audit.erasures (entity, record_id, requested_by, requested_at, step) values ($1, $2, $3, $4, 'requested') returning id`,
        [entity, recordId, transaction.principal.userId, transaction.now],
      ).catch((error: unknown) => {
        if ((error as { constraint?: string }).constraint === alreadyRunning) throw new Problem(409, "this person is being erased already");
        throw error;
      });
      await addAuditEntry(transaction, "request_erasure", "erasure", { entity, record_id: recordId, erasure: job?.id });
      return { status: 201, body: { id: job?.id }, headers: { location: `/api/v1/erasures/${job?.id ?? ""}` } };
    });
  });

  app.get("/api/v1/erasures", async (context) => {
    requireAdministrator(context.get("principal"));
    const data = await query(
      pool,
      `select id, entity, record_id, requested_by, requested_at, step, places, failure, finished_at from audit.erasures
       order by requested_at desc, id desc limit 100`,
    );
    return context.json({ data }, 200, { "cache-control": "private, no-store" });
  });
  app.all("/api/v1/erasures", () => {
    throw new Problem(405, "this path takes GET and POST", { headers: { allow: "GET, POST" } });
  });
  return app;
};
