import { Hono } from "hono";
import { z } from "zod";
import { maySeeAs } from "../auth/see-as.ts";
import { Problem } from "../problem.ts";
import { addAuditEntry } from "../store/audit.ts";
import { listHolders } from "../store/rules.ts";
import { query } from "../store/sql.ts";
import { idField, parseBody, textField } from "../validation/body-schema.ts";
import { type Administration, onlyTakes } from "./administration.ts";
import { type Env, readJson, recordBytes } from "./request.ts";

export const seeAsBody = z.strictObject({
  user_id: idField,
  reason: textField(200).describe("Why: it stands in the audit trail"),
});

/**
 * `/api/v1/see-as`: who may, looks with another's eyes for the rest of the session, reading only; DELETE ends it.
 * Both are audited under who acts. It holds for the session, so a key or a script never looks with another's eyes by accident.
 */
export const seeAsRoutes = ({ auth, write }: Administration): Hono<Env> => {
  const app = new Hono<Env>();
  const base = "/api/v1/see-as";

  app.get(base, async (context) => {
    const principal = context.get("principal");
    if (principal.seeing) {
      const seen = (await listHolders(auth.pool, null)).find(({ user_id: id }) => id === principal.seeing?.userId);
      return context.json({ seeing: seen ?? null, candidates: [] }, 200, { "cache-control": "private, no-store" });
    }
    if (!maySeeAs(principal.scope)) throw new Problem(403, 'looking with another\'s eyes needs the right "read" on see_as');
    const candidates = (await listHolders(auth.pool, null)).filter(({ user_id: id, active }) => active && id !== principal.userId);
    return context.json({ seeing: null, candidates }, 200, { "cache-control": "private, no-store" });
  });

  app.post(base, async (context) => {
    const principal = context.get("principal");
    if (!maySeeAs(principal.scope)) throw new Problem(403, 'looking with another\'s eyes needs the right "read" on see_as');
    if (principal.kind === "api-key") throw new Problem(403, "looking with another's eyes is for a signed-in session, not for an API key");
    const { text, body } = await readJson(context, recordBytes);
    const { user_id: userId, reason } = parseBody(seeAsBody, body);
    return write(context, text, async (transaction) => {
      const seen = (await listHolders(transaction.client, null)).find(({ user_id: id, active }) => active && id === userId);
      if (!seen || userId === principal.userId) {
        throw new Problem(422, "user_id: is no other active account", {
          errors: [{ field: "user_id", reason: "is no other active account" }],
        });
      }
      await query(
        transaction.client,
        "insert into auth.see_as (session_id, user_id) values ($1, $2) on conflict (session_id) do update set user_id = excluded.user_id, started_at = now()",
        [principal.sessionId, userId],
      );
      await addAuditEntry(transaction, "see_as", "account", { reason }, { recordId: userId });
      return { status: 200, body: { seeing: seen } };
    });
  });

  app.delete(base, (context) => {
    const principal = context.get("principal");
    return write(context, "", async (transaction) => {
      const ended = await query<{ user_id: string }>(
        transaction.client,
        "delete from auth.see_as where session_id = $1 returning user_id",
        [principal.sessionId],
      );
      for (const { user_id: id } of ended) await addAuditEntry(transaction, "see_as_ended", "account", {}, { recordId: id });
      return { status: 204 };
    });
  });
  app.all(base, onlyTakes("GET, POST, DELETE"));
  return app;
};
