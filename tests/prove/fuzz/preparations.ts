import { randomBytes } from "node:crypto";
import { newDeviceToken, noteDevice } from "../../../operational-api/src/auth/devices.ts";
import type { TestApi } from "../../../operational-api/src/testing.ts";
import type { Role } from "./company.ts";
import type { Json } from "./operations.ts";

/** What a valid request names that no list of ids can hold, as the request itself uses it up. */
export interface Prepared {
  /** Values of the path's parameters. */
  path?: Record<string, string>;
  body?: Json;
}

/** By operation: what is made right before a valid request. `as`: who will send it. */
export type Preparations = Readonly<Record<string, (as: Role) => Promise<Prepared>>>;

/** Runs until it is cancelled. */
const endless = "select sum(left_side.range * right_side.range) from range(1000000) as left_side, range(1000000) as right_side";

/** `userOf`: the account behind a role. `other`: somebody whom administrators look after. `runSql`: sends a statement in somebody's name; gives the status. */
export const createPreparations = (given: {
  api: TestApi;
  userOf: (as: Role) => string;
  other: string;
  runSql: (as: Role, body: Json) => Promise<number>;
}): Preparations => {
  const { api, other, userOf, runSql } = given;
  const { auth } = api;
  const adapter = async () => (await auth.betterAuth().$context).internalAdapter;
  // A request before may have stopped the account, so that it could not sign in.
  const session = async (userId: string): Promise<string> => {
    const { rows } = await api.client.query<{ id: string }>(
      `insert into auth.session ("userId", token, "expiresAt", "createdAt", "updatedAt")
       values ($1, $2, now() + interval '1 day', now(), now()) returning id`,
      [userId, randomBytes(16).toString("hex")],
    );
    return rows[0]!.id;
  };
  const device = async (): Promise<string> =>
    (await noteDevice(auth.pool, { userId: other, token: newDeviceToken(), userAgent: null, address: null })).id;
  const key = async (): Promise<string> =>
    (await auth.betterAuth().api.createApiKey({ body: { userId: other, name: "spare", expiresIn: 86_400 } })).id;
  const otherDevice = async (): Promise<Prepared> => ({ path: { id: other, device: await device() } });

  const opportunity = async (): Promise<string> => {
    const made = await api.admin.send("POST", "/api/v1/opportunities", { name: "x", owner_id: api.company.employees.ned });
    return String(made.body["id"]);
  };

  return {
    // Those that are known are soon referred to by something each.
    deleteOpportunity: async () => ({ path: { id: await opportunity() } }),
    restoreOpportunity: async () => {
      const id = await opportunity();
      await api.admin.send("DELETE", `/api/v1/opportunities/${id}`, undefined, { "if-match": "*" });
      return { path: { id } };
    },
    endMySession: async (as) => ({ path: { id: await session(userOf(as)) } }),
    endUserSession: async () => ({ path: { id: other, session: await session(other) } }),
    revokeUserKey: async () => ({ path: { id: other, key: await key() } }),
    changeDevice: otherDevice,
    removeDevice: otherDevice,
    useDeviceLink: async () => {
      const token = randomBytes(32).toString("base64url");
      const expiresAt = new Date(Date.now() + 60_000);
      await (await adapter()).createVerificationValue({ identifier: `device:${token}`, value: await device(), expiresAt });
      return { body: { token } };
    },
    // One for each segment is all there may be.
    batchChurnDefinition: async () => {
      await api.client.query("update crm.churn_definitions set deleted_at = now() where deleted_at is null");
      return {};
    },
    erasePerson: async () => {
      const contact = "insert into crm.contacts (customer_id, name) select id, '某人' from crm.customers limit 1 returning id";
      const { rows } = await api.pool.query<{ id: string }>(contact);
      return { body: { entity: "contact", record_id: rows[0]!.id } };
    },
    cancelSql: async (as) => {
      const id = randomBytes(12).toString("hex");
      const statement = { sql: endless, id };
      // An id can't be used twice at a time: whichever of the two is refused, the other is running.
      await Promise.race([runSql(as, statement), runSql(as, statement)]);
      return { path: { id } };
    },
  };
};
