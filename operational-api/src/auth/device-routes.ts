import { Hono } from "hono";
import { z } from "zod";
import { Problem, problemResponse } from "../problem.ts";
import { type Env, readJson, recordBytes, sourceOf } from "../routes/request.ts";
import { parseBody, textField } from "../validation/body-schema.ts";
import { recordAccountEvent } from "./account-audit.ts";
import { createAsk, refuseOtherMethods } from "./account-request.ts";
import type { Auth } from "./create-auth.ts";
import { listDevices } from "./devices.ts";

/** Body of `PATCH /api/v1/users/{id}/devices/{device}`. */
export const deviceBody = z.strictObject({
  name: textField(60).optional(),
  is_admitted: z.literal(true, { error: "only true can be said; DELETE takes a device away" }).optional(),
});
/** Body of `POST /api/v1/device-links`. */
export const deviceLinkBody = z.strictObject({ token: z.string({ error: "expected the token of the link" }).min(1).max(200) });

/** The browsers of an account: administrators name, admit and take them away; a link in a letter admits one. */
export function createDeviceRoutes(auth: Auth): Hono<Env> {
  const app = new Hono<Env>();
  const ask = createAsk(auth);
  const { pool } = auth;

  app.get(
    "/api/v1/users/:id/devices",
    ask("administrator", async ({ context }) => context.json({ data: await listDevices(pool, context.req.param("id") ?? "") })),
  );
  refuseOtherMethods(app, "/api/v1/users/:id/devices", "GET");

  app.patch(
    "/api/v1/users/:id/devices/:device",
    ask("administrator", async ({ context, by }) => {
      const change = parseBody(deviceBody, (await readJson(context, recordBytes)).body);
      const { rows } = await pool.query<{ id: string; user_id: string }>(
        `update auth.devices set name = coalesce($3, name), state = case when $4::boolean then 'admitted' else state end
          where user_id::text = $1 and id::text = $2 returning id, user_id`,
        [context.req.param("id"), context.req.param("device"), change.name ?? null, change.is_admitted ?? null],
      );
      const device = rows[0];
      if (!device) throw new Problem(404, "the account has no such device");
      await recordAccountEvent(pool, {
        ...by,
        action: change.is_admitted ? "device_admitted" : "account_changed",
        userId: device.user_id,
        values: { device_id: device.id, by: "administrator" },
      });
      return context.json({ data: await listDevices(pool, device.user_id) });
    }),
  );
  app.delete(
    "/api/v1/users/:id/devices/:device",
    ask("administrator", async ({ context, by }) => {
      const { rows } = await pool.query<{ user_id: string; ended: number }>(
        `with gone as (delete from auth.devices where user_id::text = $1 and id::text = $2 returning id, user_id),
              ended as (delete from auth.session where "deviceId" in (select id::text from gone) returning id)
         select user_id, (select count(*)::integer from ended) as ended from gone`,
        [context.req.param("id"), context.req.param("device")],
      );
      const gone = rows[0];
      if (!gone) throw new Problem(404, "the account has no such device");
      auth.forget();
      await recordAccountEvent(pool, {
        ...by,
        action: "device_removed",
        userId: gone.user_id,
        values: { device_id: context.req.param("device"), sessions_ended: gone.ended },
      });
      return context.body(null, 204);
    }),
  );
  refuseOtherMethods(app, "/api/v1/users/:id/devices/:device", "PATCH, DELETE");

  // Whoever has the link has the mailbox; nobody is signed in here, as the device is not admitted yet.
  app.post("/api/v1/device-links", async (context) => {
    try {
      if (context.req.header("origin") !== auth.config.url)
        throw new Problem(403, `this must come from ${auth.config.url} (header Origin)`);
      const { token } = parseBody(deviceLinkBody, (await readJson(context, recordBytes)).body);
      const deviceId = await auth.links.useDevice(token);
      const { rows } = await pool.query<{ user_id: string }>(
        "update auth.devices set state = 'admitted' where id::text = $1 returning user_id",
        [deviceId],
      );
      const userId = rows[0]?.user_id;
      if (!userId) throw new Problem(404, "the link was used already, or is older than 30 minutes; sign in once more to get another");
      await recordAccountEvent(pool, {
        action: "device_admitted",
        userId,
        actorId: null,
        values: { device_id: deviceId, by: "link" },
        address: sourceOf(context).ip,
      });
      return context.body(null, 204);
    } catch (error) {
      if (error instanceof Problem) return problemResponse(error);
      throw error;
    }
  });
  refuseOtherMethods(app, "/api/v1/device-links", "POST");
  return app;
}
