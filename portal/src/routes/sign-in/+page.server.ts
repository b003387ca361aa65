import { fail, redirect } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { safePath } from "#lib/safe-path.ts";
import type { DemoAccount } from "#lib/session.ts";
import { askAccounts, textOf } from "#lib/server/account.ts";
import { apiFor, readJson } from "#lib/server/api.ts";
import { readMe } from "#lib/server/session.ts";
import { passCookies } from "#lib/server/set-cookie.ts";
import type { Actions, PageServerLoad } from "./$types";

/** What the way back from the company's provider says when it failed. */
const companyErrors: Record<string, () => string> = {
  DEVICE_NOT_ADMITTED: m.sign_in_device,
  ACCOUNT_STOPPED: m.sign_in_stopped,
  NOT_AN_EMPLOYEE: m.sign_in_company_unknown,
  signup_disabled: m.sign_in_company_unknown,
  account_not_linked: m.sign_in_company_unknown,
  away: m.sign_in_company_away,
};

export const load: PageServerLoad = async (event) => {
  if (await readMe(event)) redirect(303, safePath(event.url.searchParams.get("to")));
  const api = apiFor(event);
  const [demoAccounts, ways] = await Promise.all([
    readJson<DemoAccount[]>(await api("/api/auth/demo-accounts")),
    readJson<{ company: boolean; mail: boolean }>(await api("/api/auth/ways")),
  ]);
  const error = event.url.searchParams.get("error");
  return {
    demoAccounts,
    ways,
    to: event.url.searchParams.get("to"),
    problem: error === null ? null : (companyErrors[error] ?? m.sign_in_company_failed)(),
    done: event.url.searchParams.has("reset") ? m.sign_in_reset_done() : null,
  };
};

export const actions: Actions = {
  default: async (event) => {
    const form = await event.request.formData();
    const email = textOf(form, "email").trim();
    const password = textOf(form, "password");
    const to = event.url.searchParams.get("to");
    if (!email || !password) return fail(400, { email, message: m.sign_in_missing() });
    const answer = await askAccounts<{ twoFactorRedirect?: boolean }>(event, "POST", "/api/auth/sign-in/email", { email, password });
    passCookies(answer.response, event.cookies);
    if (answer.ok)
      redirect(303, answer.body.twoFactorRedirect ? `/sign-in/code${to ? `?to=${encodeURIComponent(to)}` : ""}` : safePath(to));
    switch (answer.status) {
      case 429:
        return fail(429, { email, message: m.sign_in_too_many({ seconds: answer.response.headers.get("retry-after") ?? "10" }) });
      case 400:
      case 401:
      case 422:
        return fail(401, { email, message: m.sign_in_wrong() });
      case 403:
        if (answer.code === "DEVICE_NOT_ADMITTED") return fail(403, { email, message: m.sign_in_device() });
        if (answer.code === "ACCOUNT_STOPPED") return fail(403, { email, message: m.sign_in_stopped() });
    }
    return fail(502, { email, message: m.sign_in_failed({ detail: answer.detail }) });
  },
};
