import { error, fail, redirect } from "@sveltejs/kit";
import type { AccountSettings, User } from "#lib/account.ts";
import { m } from "#lib/paraglide/messages.js";
import { askAccounts, textOf } from "#lib/server/account.ts";
import { apiFor, readJson } from "#lib/server/api.ts";
import { readRoles } from "#lib/server/roles.ts";
import { requireMe } from "#lib/server/session.ts";
import type { Actions, PageServerLoad } from "./$types";

const listOf = (form: FormData, name: string): string[] => form.getAll(name).filter((value) => typeof value === "string");

export const load: PageServerLoad = async (event) => {
  const me = await requireMe(event);
  if (!me.roles.includes("administrator")) error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
  const api = apiFor(event);
  const search = event.url.searchParams.get("search") ?? "";
  const [users, employees, settings, roles] = await Promise.all([
    readJson<{ data: User[]; more: boolean }>(await api(`/api/v1/users?search=${encodeURIComponent(search)}`)),
    readJson<{ data: { id: string; name: string; email: string | null; position: string | null }[] }>(
      await api("/api/v1/users/employees-without-account"),
    ),
    readJson<AccountSettings>(await api("/api/v1/account-settings")),
    readRoles(api, event.locals.locale),
  ]);
  return { search, users: users.data, more: users.more, employees: employees.data, settings, roles };
};

export const actions: Actions = {
  make: async (event) => {
    const form = await event.request.formData();
    const optional = (name: string): string | undefined => textOf(form, name).trim() || undefined;
    const answer = await askAccounts<User>(event, "POST", "/api/v1/users", {
      employee_id: optional("employee") ?? null,
      email: optional("email"),
      name: optional("name"),
      roles: listOf(form, "roles"),
    });
    if (!answer.ok) return fail(answer.status, { of: "make", message: answer.detail });
    redirect(303, `/admin/users/${answer.body.id}?made`);
  },
  settings: async (event) => {
    const form = await event.request.formData();
    const answer = await askAccounts(event, "PATCH", "/api/v1/account-settings", {
      password_length: Number(textOf(form, "password_length")),
      idle_minutes: Number(textOf(form, "idle_minutes")),
      session_limit: Number(textOf(form, "session_limit")),
      second_factor_roles: listOf(form, "second_factor_roles"),
    });
    return answer.ok ? { of: "settings", done: m.users_changed() } : fail(answer.status, { of: "settings", message: answer.detail });
  },
};
