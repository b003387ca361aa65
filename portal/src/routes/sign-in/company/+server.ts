import { redirect } from "@sveltejs/kit";
import { safePath } from "#lib/safe-path.ts";
import { askAccounts } from "#lib/server/account.ts";
import { passCookies } from "#lib/server/set-cookie.ts";
import type { RequestHandler } from "./$types";

/** Sends the browser to the company's identity provider, which sends it back to `/api/auth/callback/company`. */
export const GET: RequestHandler = async (event) => {
  const answer = await askAccounts<{ url?: string }>(event, "POST", "/api/auth/sign-in/social", {
    provider: "company",
    callbackURL: safePath(event.url.searchParams.get("to")),
    errorCallbackURL: "/sign-in",
    disableRedirect: true,
  });
  if (!answer.ok || !answer.body.url) redirect(303, "/sign-in?error=away");
  passCookies(answer.response, event.cookies);
  redirect(303, answer.body.url);
};
