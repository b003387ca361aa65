import { fail, redirect } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import type { DemoAccount } from "#lib/session.ts";
import { apiFor, ApiError, readJson } from "#lib/server/api.ts";
import { readMe } from "#lib/server/session.ts";
import { passCookies } from "#lib/server/set-cookie.ts";
import type { Actions, PageServerLoad } from "./$types";

/** Only a path of this site: never `//other.site` or `https://…`. */
const safePath = (to: string | null): string => (to && /^\/(?![/\\])/.test(to) ? to : "/");

export const load: PageServerLoad = async (event) => {
  if (await readMe(event)) redirect(303, safePath(event.url.searchParams.get("to")));
  const demoAccounts = await readJson<DemoAccount[]>(await apiFor(event)("/api/auth/demo-accounts"));
  return { demoAccounts };
};

export const actions: Actions = {
  default: async (event) => {
    const form = await event.request.formData();
    const email = String(form.get("email") ?? "").trim();
    const password = String(form.get("password") ?? "");
    if (!email || !password) return fail(400, { email, message: m.sign_in_missing() });
    const response = await apiFor(event)("/api/auth/sign-in/email", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    if (response.status === 429) {
      return fail(429, { email, message: m.sign_in_too_many({ seconds: response.headers.get("x-retry-after") ?? "10" }) });
    }
    if (response.status === 401 || response.status === 400 || response.status === 422)
      return fail(401, { email, message: m.sign_in_wrong() });
    try {
      await readJson(response);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return fail(502, { email, message: m.sign_in_failed({ detail: error.message }) });
    }
    passCookies(response, event.cookies);
    redirect(303, safePath(event.url.searchParams.get("to")));
  },
};
