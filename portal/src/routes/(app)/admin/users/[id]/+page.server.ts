import { error, fail, type RequestEvent } from "@sveltejs/kit";
import type { Device, OpenSession, User } from "#lib/account.ts";
import { m } from "#lib/paraglide/messages.js";
import { askAccounts, textOf, type AccountAnswer } from "#lib/server/account.ts";
import { apiFor, readJson } from "#lib/server/api.ts";
import { readRoles } from "#lib/server/roles.ts";
import { requireMe } from "#lib/server/session.ts";
import type { Actions, PageServerLoad } from "./$types";

const pathOf = (event: RequestEvent, rest = ""): string => `/api/v1/users/${encodeURIComponent(event.params.id ?? "")}${rest}`;

export const load: PageServerLoad = async (event) => {
  const me = await requireMe(event);
  const api = apiFor(event);
  const found = me.roles.includes("administrator") ? await api(pathOf(event)) : null;
  if (!found || found.status === 404) error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
  const [user, devices, roles] = await Promise.all([
    readJson<User & { open_sessions: OpenSession[] }>(found),
    readJson<{ data: Device[] }>(await api(pathOf(event, "/devices"))),
    readRoles(api, event.locals.locale),
  ]);
  return { user, devices: devices.data, roles, isOwn: user.id === me.user.id, made: event.url.searchParams.has("made") };
};

const outcome = (answer: AccountAnswer<unknown>) =>
  answer.ok ? { done: m.users_changed() } : fail(answer.status, { message: answer.detail });

const change = async (event: RequestEvent, body: Record<string, unknown>) =>
  outcome(await askAccounts(event, "PATCH", pathOf(event), body));

const deviceOf = async (event: RequestEvent): Promise<string> =>
  `/devices/${encodeURIComponent(textOf(await event.request.formData(), "id"))}`;

export const actions: Actions = {
  stop: (event) => change(event, { is_active: false }),
  start: (event) => change(event, { is_active: true }),
  bind: (event) => change(event, { is_device_bound: true }),
  unbind: (event) => change(event, { is_device_bound: false }),
  roles: async (event) => {
    const form = await event.request.formData();
    return change(event, { roles: form.getAll("roles").filter((role) => typeof role === "string") });
  },
  resetLink: async (event) => {
    const answer = await askAccounts<{ link: string }>(event, "POST", pathOf(event, "/reset-link"));
    return answer.ok ? { link: answer.body.link } : fail(answer.status, { message: answer.detail });
  },
  removeFactor: async (event) => outcome(await askAccounts(event, "DELETE", pathOf(event, "/second-factor"))),
  endSessions: async (event) => outcome(await askAccounts(event, "DELETE", pathOf(event, "/sessions"))),
  endSession: async (event) => {
    const id = textOf(await event.request.formData(), "id");
    return outcome(await askAccounts(event, "DELETE", pathOf(event, `/sessions/${encodeURIComponent(id)}`)));
  },
  admit: async (event) => outcome(await askAccounts(event, "PATCH", pathOf(event, await deviceOf(event)), { is_admitted: true })),
  removeDevice: async (event) => outcome(await askAccounts(event, "DELETE", pathOf(event, await deviceOf(event)))),
};
