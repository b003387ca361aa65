import { fail, redirect } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { askAccounts, textOf } from "#lib/server/account.ts";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = async (event) => {
  const { body } = await askAccounts<{ mail: boolean }>(event, "GET", "/api/auth/ways");
  if (!body.mail) redirect(303, "/sign-in");
};

export const actions: Actions = {
  default: async (event) => {
    const email = textOf(await event.request.formData(), "email").trim();
    const answer = await askAccounts(event, "POST", "/api/auth/request-password-reset", { email });
    if (answer.ok) return { done: m.forgot_sent() };
    if (answer.status === 429)
      return fail(429, { email, message: m.sign_in_too_many({ seconds: answer.response.headers.get("retry-after") ?? "60" }) });
    return fail(answer.status, { email, message: answer.detail });
  },
};
