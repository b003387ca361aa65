import { Hono } from "hono";
import { Problem } from "../problem.ts";
import { type Env, readJson, recordBytes } from "../routes/request.ts";
import { idField, parseBody } from "../validation/body-schema.ts";
import { createAsk, refuseOtherMethods } from "./account-request.ts";
import type { Auth } from "./create-auth.ts";
import {
  addRun,
  changeQuery,
  forgetRuns,
  listQueries,
  listRuns,
  queryBody,
  queryChangeBody,
  removeQuery,
  runBody,
  saveQuery,
} from "./sql-shelf.ts";

const queries = "/api/v1/me/sql-queries";
const runs = "/api/v1/me/sql-runs";

/**
 * What a person keeps of ad-hoc SQL. A query that is shared is read by everybody signed in, as a text: whoever runs it does so with their own rights.
 * For sessions, not API keys: these are pages' notes.
 */
export function createSqlShelfRoutes(auth: Auth): Hono<Env> {
  const app = new Hono<Env>();
  const ask = createAsk(auth);
  const { pool } = auth;
  const missing = (): Problem => new Problem(404, "you have no such query; somebody else's only they can change");
  const idOf = (text: string | undefined): string => {
    const parsed = idField.safeParse(text);
    if (!parsed.success) throw missing();
    return parsed.data;
  };

  app.get(
    queries,
    ask("session", async ({ context, principal }) => context.json({ data: await listQueries(pool, principal.userId) })),
  );
  app.post(
    queries,
    ask("session", async ({ context, principal }) => {
      const wanted = parseBody(queryBody, (await readJson(context, recordBytes)).body);
      const saved = await saveQuery(pool, principal.userId, wanted);
      return context.json(saved, 201, { location: `${queries}/${saved.id}` });
    }),
  );
  refuseOtherMethods(app, queries, "GET, POST");
  app.patch(
    `${queries}/:id`,
    ask("session", async ({ context, principal }) => {
      const change = parseBody(queryChangeBody, (await readJson(context, recordBytes)).body);
      const changed = await changeQuery(pool, principal.userId, idOf(context.req.param("id")), change);
      if (!changed) throw missing();
      return context.json(changed);
    }),
  );
  app.delete(
    `${queries}/:id`,
    ask("session", async ({ context, principal }) => {
      if (!(await removeQuery(pool, principal.userId, idOf(context.req.param("id"))))) throw missing();
      return context.body(null, 204);
    }),
  );
  refuseOtherMethods(app, `${queries}/:id`, "PATCH, DELETE");

  app.get(
    runs,
    ask("session", async ({ context, principal }) => context.json({ data: await listRuns(pool, principal.userId) })),
  );
  app.post(
    runs,
    ask("session", async ({ context, principal }) => {
      await addRun(pool, principal.userId, parseBody(runBody, (await readJson(context, recordBytes)).body));
      return context.body(null, 204);
    }),
  );
  app.delete(
    runs,
    ask("session", async ({ context, principal }) => {
      await forgetRuns(pool, principal.userId);
      return context.body(null, 204);
    }),
  );
  refuseOtherMethods(app, runs, "GET, POST, DELETE");
  return app;
}
