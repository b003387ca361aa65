import { Hono } from "hono";
import { Problem } from "../problem.ts";
import { type Env, readJson, recordBytes } from "../routes/request.ts";
import { parseBody } from "../validation/body-schema.ts";
import { recordAccountEvent } from "./account-audit.ts";
import { createAsk, refuseOtherMethods } from "./account-request.ts";
import type { Auth } from "./create-auth.ts";
import { keyBody, listKeys, permissionsOf, revokeKeys } from "./keys.ts";
import { endSessions, listSessions } from "./sessions.ts";

const daySeconds = 86_400;

/** What everybody does with their own account, beside better-auth's routes: sessions, API keys. */
export function createMeRoutes(auth: Auth): Hono<Env> {
  const app = new Hono<Env>();
  const ask = createAsk(auth);
  const { pool } = auth;

  app.get(
    "/api/v1/me/session",
    ask("session", async ({ context, principal }) => {
      const { idle_minutes } = await auth.settings.get();
      const { rows } = await pool.query<{ last_seen_at: Date }>(
        `select coalesce("lastSeenAt", "createdAt") as last_seen_at from auth.session where id::text = $1`,
        [principal.sessionId],
      );
      return context.json({ id: principal.sessionId, idle_minutes, last_seen_at: rows[0]?.last_seen_at ?? null });
    }),
  );
  refuseOtherMethods(app, "/api/v1/me/session", "GET");

  app.get(
    "/api/v1/me/sessions",
    ask("session", async ({ context, principal }) => {
      const sessions = await listSessions(pool, principal.userId);
      return context.json({ data: sessions.map((session) => ({ ...session, is_current: session.id === principal.sessionId })) });
    }),
  );
  app.delete(
    "/api/v1/me/sessions",
    ask("session", async ({ context, principal, by }) => {
      const ended = await endSessions(pool, principal.userId, { allBut: principal.sessionId });
      auth.forget();
      await recordAccountEvent(pool, {
        ...by,
        action: "session_ended",
        userId: principal.userId,
        values: { reason: "others", sessions: ended },
      });
      return context.json({ ended });
    }),
  );
  refuseOtherMethods(app, "/api/v1/me/sessions", "GET, DELETE");
  app.delete(
    "/api/v1/me/sessions/:id",
    ask("session", async ({ context, principal, by }) => {
      const id = context.req.param("id") ?? "";
      if ((await endSessions(pool, principal.userId, { only: id })) === 0)
        throw new Problem(404, "you have no such session; it may have ended");
      auth.forget();
      await recordAccountEvent(pool, {
        ...by,
        action: "session_ended",
        userId: principal.userId,
        values: { reason: "revoked", session_id: id },
      });
      return context.body(null, 204);
    }),
  );

  app.get(
    "/api/v1/me/keys",
    ask("anyone", async ({ context, principal }) => context.json({ data: await listKeys(pool, principal.userId) })),
  );
  app.post(
    "/api/v1/me/keys",
    ask("session", async ({ context, principal, by }) => {
      const wanted = parseBody(keyBody, (await readJson(context, recordBytes)).body);
      const made = await auth.betterAuth().api.createApiKey({
        body: {
          userId: principal.userId,
          name: wanted.name,
          expiresIn: wanted.expires_in_days * daySeconds,
          permissions: permissionsOf({ readOnly: wanted.read_only, entities: wanted.entities }),
        },
      });
      await recordAccountEvent(pool, {
        ...by,
        action: "key_made",
        userId: principal.userId,
        values: { key_id: made.id, read_only: wanted.read_only, entities: wanted.entities, expires_in_days: wanted.expires_in_days },
      });
      return context.json({ id: made.id, key: made.key, expires_at: made.expiresAt }, 201);
    }),
  );
  refuseOtherMethods(app, "/api/v1/me/keys", "GET, POST");
  app.delete(
    "/api/v1/me/keys/:id",
    ask("session", async ({ context, principal, by }) => {
      const id = context.req.param("id") ?? "";
      if ((await revokeKeys(pool, principal.userId, id)) === 0) throw new Problem(404, "you have no such key; it may have been revoked");
      auth.forget();
      await recordAccountEvent(pool, { ...by, action: "key_revoked", userId: principal.userId, values: { key_id: id } });
      return context.body(null, 204);
    }),
  );
  return app;
}
