import { fail, redirect } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { askAccounts, textOf } from "#lib/server/account.ts";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = async (event) => {
  const { body } = await askAccounts<{ password_length: number }>(event, "GET", "/api/auth/ways");
  return { length: body.password_length };
};

export const actions: Actions = {
  default: async (event) => {
    const form = await event.request.formData();
    const newPassword = textOf(form, "password");
    if (newPassword !== textOf(form, "again")) return fail(422, { message: m.reset_differs() });
    const token = event.url.searchParams.get("token") ?? "";
    const answer = await askAccounts(event, "POST", "/api/auth/reset-password", { token, newPassword });
    if (answer.ok) redirect(303, "/sign-in?reset");
    return fail(answer.status, { message: answer.code?.startsWith("PASSWORD_") ? answer.detail : m.reset_expired() });
  },
};
