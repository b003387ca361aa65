import { type ActionFailure, fail, type RequestEvent } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import type { SecondFactorResult } from "#lib/second-factor.ts";
import { askAccounts, textOf } from "#lib/server/account.ts";
import { qrPicture } from "#lib/server/qr-code.ts";
import { passCookies } from "#lib/server/set-cookie.ts";

type Result = SecondFactorResult | ActionFailure<SecondFactorResult>;

const keyOf = (address: string): string => (new URL(address).searchParams.get("secret") ?? "").replace(/(.{4})(?=.)/g, "$1 ");

/** What came back from the form; a QR code of something else could not be read, or would not fit. */
const isOurs = (address: string): boolean => address.startsWith("otpauth://totp/") && address.length < 500 && URL.canParse(address);

const setupOf = (address: string, codes: string[]): SecondFactorResult["setup"] => ({
  address,
  key: keyOf(address),
  picture: qrPicture(address),
  codes,
});

/** The actions by which the second factor is set up, on the account page and where a role needs it. */
export const secondFactorActions = {
  /** Password in; what the authenticator app needs, and the recovery codes, out. */
  begin: async (event: RequestEvent): Promise<Result> => {
    const password = textOf(await event.request.formData(), "password");
    const answer = await askAccounts<{ totpURI: string; backupCodes: string[] }>(event, "POST", "/api/auth/two-factor/enable", {
      password,
    });
    if (!answer.ok) return fail(answer.status, { message: answer.code === "INVALID_PASSWORD" ? m.password_wrong() : answer.detail });
    return { setup: setupOf(answer.body.totpURI, answer.body.backupCodes) };
  },
  /** The first code of the app in. A wrong one keeps what is shown, or the recovery codes would be lost. */
  confirm: async (event: RequestEvent): Promise<Result> => {
    const form = await event.request.formData();
    const answer = await askAccounts(event, "POST", "/api/auth/two-factor/verify-totp", { code: textOf(form, "code").replace(/\s/g, "") });
    if (!answer.ok) {
      const address = textOf(form, "address");
      const setup = isOurs(address) ? setupOf(address, textOf(form, "codes").split(" ")) : undefined;
      const seconds = answer.response.headers.get("retry-after");
      const message =
        answer.code === "INVALID_CODE"
          ? m.code_wrong()
          : answer.status === 429 && seconds
            ? m.sign_in_too_many({ seconds })
            : answer.detail;
      return fail(answer.status, { message, ...(setup && { setup }) });
    }
    passCookies(answer.response, event.cookies);
    return { done: m.factor_done() };
  },
};
