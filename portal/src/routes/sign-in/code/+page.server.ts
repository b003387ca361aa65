import { fail, redirect } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { safePath } from "#lib/safe-path.ts";
import { askAccounts, textOf } from "#lib/server/account.ts";
import { passCookies } from "#lib/server/set-cookie.ts";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ cookies, url }) => {
  // Without the password there is nothing to confirm.
  if (!cookies.getAll().some(({ name }) => name.endsWith("kehu.two_factor"))) redirect(303, "/sign-in");
  return { isRecovery: url.searchParams.has("recovery"), to: url.searchParams.get("to") };
};

export const actions: Actions = {
  default: async (event) => {
    const isRecovery = event.url.searchParams.has("recovery");
    const code = textOf(await event.request.formData(), "code").trim();
    const path = isRecovery ? "verify-backup-code" : "verify-totp";
    const answer = await askAccounts(event, "POST", `/api/auth/two-factor/${path}`, { code: isRecovery ? code : code.replace(/\s/g, "") });
    passCookies(answer.response, event.cookies);
    if (answer.ok) redirect(303, safePath(event.url.searchParams.get("to")));
    if (answer.code === "DEVICE_NOT_ADMITTED") return fail(403, { message: m.sign_in_device() });
    const isWrong = answer.code === "INVALID_CODE" || answer.code === "INVALID_BACKUP_CODE";
    if (answer.status === 429)
      return fail(429, { message: m.sign_in_too_many({ seconds: answer.response.headers.get("retry-after") ?? "900" }) });
    return fail(answer.status, { message: isWrong ? m.code_wrong() : m.code_expired() });
  },
};
