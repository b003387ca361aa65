import { entities } from "@kehu/operational-api/definitions";
import { fail, redirect } from "@sveltejs/kit";
import type { ApiKey, OpenSession } from "#lib/account.ts";
import { m } from "#lib/paraglide/messages.js";
import { askAccounts, textOf } from "#lib/server/account.ts";
import { apiFor, readJson } from "#lib/server/api.ts";
import { secondFactorActions } from "#lib/server/second-factor.ts";
import { requireMe } from "#lib/server/session.ts";
import { passCookies } from "#lib/server/set-cookie.ts";
import type { Actions, PageServerLoad } from "./$types";

/** What has just been done by an action that began another session: the page is asked for anew, with its cookie. */
const done: Record<string, { of: "password" | "factor"; message: () => string }> = {
  password: { of: "password", message: m.account_password_changed },
  "factor-on": { of: "factor", message: m.factor_done },
  "factor-off": { of: "factor", message: m.factor_was_switched_off },
};
const afresh = (what: keyof typeof done): never => redirect(303, `/account?done=${what}`);

export const load: PageServerLoad = async (event) => {
  const me = await requireMe(event);
  const api = apiFor(event);
  const [sessions, keys, scope] = await Promise.all([
    readJson<{ data: OpenSession[] }>(await api("/api/v1/me/sessions")),
    readJson<{ data: ApiKey[] }>(await api("/api/v1/me/keys")),
    readJson<{ grants: Record<string, Record<string, unknown>> }>(await api("/api/v1/me/scope")),
  ]);
  const did = done[event.url.searchParams.get("done") ?? ""];
  const language = event.locals.locale === "en" ? "en" : "zh";
  const granted = entities.filter(({ name }) => scope.grants["read"]?.[name]).map(({ name, label }) => ({ name, title: label[language] }));
  return {
    account: me.account,
    sessions: sessions.data,
    keys: keys.data,
    entities: granted,
    did: did && { of: did.of, done: did.message() },
  };
};

export const actions: Actions = {
  password: async (event) => {
    const form = await event.request.formData();
    const newPassword = textOf(form, "new");
    if (newPassword !== textOf(form, "again")) return fail(422, { of: "password", message: m.reset_differs() });
    const answer = await askAccounts(event, "POST", "/api/auth/change-password", {
      currentPassword: textOf(form, "current"),
      newPassword,
      revokeOtherSessions: form.has("others"),
    });
    if (!answer.ok) {
      const message = answer.code === "INVALID_PASSWORD" ? m.password_wrong() : answer.detail;
      return fail(answer.status, { of: "password", message });
    }
    passCookies(answer.response, event.cookies);
    return afresh("password");
  },
  begin: secondFactorActions.begin,
  confirm: async (event) => {
    const result = await secondFactorActions.confirm(event);
    return "done" in result ? afresh("factor-on") : result;
  },
  factorOff: async (event) => {
    const password = textOf(await event.request.formData(), "password");
    const answer = await askAccounts(event, "POST", "/api/auth/two-factor/disable", { password });
    if (!answer.ok)
      return fail(answer.status, { of: "factor", message: answer.code === "INVALID_PASSWORD" ? m.password_wrong() : answer.detail });
    passCookies(answer.response, event.cookies);
    return afresh("factor-off");
  },
  newCodes: async (event) => {
    const password = textOf(await event.request.formData(), "password");
    const answer = await askAccounts<{ backupCodes: string[] }>(event, "POST", "/api/auth/two-factor/generate-backup-codes", { password });
    if (!answer.ok)
      return fail(answer.status, { of: "factor", message: answer.code === "INVALID_PASSWORD" ? m.password_wrong() : answer.detail });
    return { of: "factor", done: m.factor_new_codes_made(), codes: answer.body.backupCodes };
  },
  endSession: async (event) => {
    const id = textOf(await event.request.formData(), "id");
    const answer = await askAccounts(event, "DELETE", `/api/v1/me/sessions/${encodeURIComponent(id)}`);
    // One that has ended meanwhile is as wanted.
    return answer.ok || answer.status === 404
      ? { of: "sessions", done: m.account_sessions_ended() }
      : fail(answer.status, { of: "sessions", message: answer.detail });
  },
  endOthers: async (event) => {
    const answer = await askAccounts(event, "DELETE", "/api/v1/me/sessions");
    return answer.ok
      ? { of: "sessions", done: m.account_sessions_ended() }
      : fail(answer.status, { of: "sessions", message: answer.detail });
  },
  makeKey: async (event) => {
    const form = await event.request.formData();
    const entities = form.getAll("entities").filter((entity) => typeof entity === "string");
    const answer = await askAccounts<{ key: string }>(event, "POST", "/api/v1/me/keys", {
      name: textOf(form, "name"),
      expires_in_days: Number(textOf(form, "days")),
      read_only: form.has("readOnly"),
      entities: entities.length > 0 ? entities : null,
    });
    return answer.ok ? { of: "keys", key: answer.body.key } : fail(answer.status, { of: "keys", message: answer.detail });
  },
  revokeKey: async (event) => {
    const id = textOf(await event.request.formData(), "id");
    const answer = await askAccounts(event, "DELETE", `/api/v1/me/keys/${encodeURIComponent(id)}`);
    return answer.ok || answer.status === 404
      ? { of: "keys", done: m.account_key_revoked() }
      : fail(answer.status, { of: "keys", message: answer.detail });
  },
};
