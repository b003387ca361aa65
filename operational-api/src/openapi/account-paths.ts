import { accountSettingsBody } from "../auth/account-settings.ts";
import { deviceBody, deviceLinkBody } from "../auth/device-routes.ts";
import { keyBody } from "../auth/keys.ts";
import { newUserBody, userChangeBody } from "../auth/users.ts";
import { failing, json } from "./parts.ts";
import { type Json, jsonSchema } from "./schemas.ts";

export const accountTag = {
  name: "accounts",
  description: "Accounts: one's own sessions and API keys; users, devices and rules for administrators.",
};

const tags = ["accounts"];
const anything = json({ type: "object" });
const named = (name: string): Json => ({ name, in: "path", required: true, schema: { type: "string" } });
const search = { name: "search", in: "query", required: false, schema: { type: "string" }, description: "Part of name or e-mail address" };

/** One operation; `status` of success, 204 without a body. */
const operation = (operationId: string, summary: string, status: 200 | 201 | 204, more: Json = {}, ...failures: number[]): Json => ({
  operationId,
  tags,
  summary,
  ...more,
  responses: { [status]: { description: "Done", ...(status !== 204 && { content: anything }) }, ...failing(401, 403, ...failures) },
});
const body = (schema: Json, example?: unknown): Json => ({ requestBody: { required: true, content: json(schema, example) } });
const wrong = [400, 413, 415, 422] as const;

const text = { type: "string" };

/** Who one is, and what one may. */
const mePaths = (): Json => ({
  "/api/v1/me": {
    get: {
      tags,
      operationId: "getMe",
      summary: "Who is signed in: account, roles, department",
      responses: {
        200: {
          description: "The caller",
          content: json({
            type: "object",
            required: ["user", "seeing", "employee_id", "roles", "department_id", "account"],
            properties: {
              user: { type: "object" },
              employee_id: { type: ["string", "null"] },
              roles: { type: "array", items: text },
              department_id: { type: ["string", "null"] },
              account: { type: "object" },
            },
          }),
        },
        ...failing(401, 403),
      },
    },
  },
  "/api/v1/me/scope": {
    get: {
      tags,
      operationId: "getMyScope",
      summary: "What the caller may do to which rows, and which columns are masked or hidden; with an ETag",
      responses: {
        200: {
          description: "The scope",
          content: json({
            type: "object",
            required: ["version", "userId", "employeeId", "roles", "grants", "columns"],
            properties: {
              version: text,
              userId: text,
              roles: { type: "array", items: text },
              grants: { type: "object" },
              columns: { type: "object" },
            },
          }),
        },
        304: { description: "As If-None-Match says" },
        ...failing(401, 403),
      },
    },
  },
});

/** What is below `/api/v1/me`, `/api/v1/users` and `/api/v1/account-settings`; signing in itself is better-auth's, under `/api/auth`. */
export const accountPaths = (): Json => {
  const user = { parameters: [named("id")] };
  return {
    ...mePaths(),
    "/api/v1/me/session": { get: operation("getMySession", "This session, and when an idle one ends; for sessions, not API keys", 200) },
    "/api/v1/me/sessions": {
      get: operation("listMySessions", "Where one is signed in", 200),
      delete: operation("endMyOtherSessions", "Ends all sessions but this one", 200),
    },
    "/api/v1/me/sessions/{id}": { delete: operation("endMySession", "Ends one session", 204, user, 404) },
    "/api/v1/me/keys": {
      get: operation("listMyKeys", "One's API keys, without the keys themselves", 200),
      post: operation(
        "makeMyKey",
        "Makes an API key, whose text is in this answer only; it never may more than its user",
        201,
        body(jsonSchema(keyBody), { name: "nightly import", expires_in_days: 90, read_only: true, entities: ["customer"] }),
        ...wrong,
      ),
    },
    "/api/v1/me/keys/{id}": { delete: operation("revokeMyKey", "Revokes an API key at once", 204, user, 404) },
    "/api/v1/users": {
      get: operation("listUsers", "The accounts, by name; for administrators, as all below", 200, { parameters: [search] }),
      post: operation(
        "makeUser",
        "Makes an account without a password; name and e-mail address are the employee's when left out",
        201,
        body(jsonSchema(newUserBody), { employee_id: "01890a5d-ac96-774b-bcce-b302099a8057", roles: ["sales_rep"] }),
        409,
        ...wrong,
      ),
    },
    "/api/v1/users/employees-without-account": {
      get: operation("listEmployeesWithoutAccount", "Active employees who have no account yet", 200, { parameters: [search] }),
    },
    "/api/v1/users/{id}": {
      get: operation("getUser", "One account with its sessions and keys", 200, user, 404),
      patch: operation(
        "changeUser",
        "Stops or starts the account (which ends its sessions and keys), binds it to devices, sets its roles",
        200,
        { ...user, ...body(jsonSchema(userChangeBody), { is_active: false }) },
        404,
        409,
        ...wrong,
      ),
    },
    "/api/v1/users/{id}/reset-link": {
      post: operation("makeResetLink", "A link that sets a new password once, within 30 minutes; in this answer only", 201, user, 404, 409),
    },
    "/api/v1/users/{id}/second-factor": {
      delete: operation("removeSecondFactor", "Takes a lost second factor away, and ends the sessions", 204, user, 404),
    },
    "/api/v1/users/{id}/sessions": { delete: operation("endUserSessions", "Ends all sessions of the account", 200, user, 404) },
    "/api/v1/users/{id}/sessions/{session}": {
      delete: operation("endUserSession", "Ends one session of the account", 200, { parameters: [named("id"), named("session")] }, 404),
    },
    "/api/v1/users/{id}/keys": { delete: operation("revokeUserKeys", "Revokes all API keys of the account", 200, user, 404) },
    "/api/v1/users/{id}/keys/{key}": {
      delete: operation("revokeUserKey", "Revokes one API key of the account", 200, { parameters: [named("id"), named("key")] }, 404),
    },
    "/api/v1/users/{id}/devices": { get: operation("listDevices", "The browsers the account was used from", 200, user) },
    "/api/v1/users/{id}/devices/{device}": {
      patch: operation(
        "changeDevice",
        "Admits or names a device",
        200,
        { parameters: [named("id"), named("device")], ...body(jsonSchema(deviceBody), { is_admitted: true, name: "Front desk" }) },
        404,
        ...wrong,
      ),
      delete: operation(
        "removeDevice",
        "Takes a device away, and ends the sessions on it",
        204,
        { parameters: [named("id"), named("device")] },
        404,
      ),
    },
    "/api/v1/device-links": {
      post: operation(
        "useDeviceLink",
        "Admits the device that a link in a letter is about",
        204,
        { security: [], ...body(jsonSchema(deviceLinkBody)) },
        404,
        ...wrong,
      ),
    },
    "/api/v1/account-settings": {
      get: operation("getAccountSettings", "The company's rules for accounts", 200),
      patch: operation(
        "changeAccountSettings",
        "Changes the rules; in effect at once",
        200,
        body(jsonSchema(accountSettingsBody), { idle_minutes: 30, second_factor_roles: ["administrator"] }),
        ...wrong,
      ),
    },
  };
};
