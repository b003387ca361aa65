import { m } from "#lib/paraglide/messages.js";
import type { SignedIn } from "#lib/session.ts";

/** What became of signing in again over a page. `startOver`: the password is to be asked for once more. */
export type SessionAnswer =
  { is: "in" } | { is: "code" } | { is: "somebody-else" } | { is: "refused"; message: string; startOver: boolean };

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Signs the page's own user in again, by password or by the code that is asked for after it. */
export async function signInAgain(step: "password" | "code", me: SignedIn, value: string): Promise<SessionAnswer> {
  const response =
    step === "password"
      ? await post("/api/auth/sign-in/email", { email: me.user.email, password: value })
      : await post("/api/auth/two-factor/verify-totp", { code: value.replace(/\s/g, "") });
  const body = (await response.json()) as { twoFactorRedirect?: boolean; code?: string; detail?: string };
  if (response.status === 429) {
    return { is: "refused", message: m.sign_in_too_many({ seconds: response.headers.get("retry-after") ?? "60" }), startOver: true };
  }
  if (!response.ok) {
    if (step === "password")
      return { is: "refused", message: response.status === 401 ? m.sign_in_wrong() : (body.detail ?? ""), startOver: true };
    const isWrong = body.code === "INVALID_CODE";
    return { is: "refused", message: isWrong ? m.code_wrong() : m.code_expired(), startOver: !isWrong };
  }
  if (body.twoFactorRedirect) return { is: "code" };
  const now = await fetch("/api/v1/me");
  const user = now.ok ? ((await now.json()) as SignedIn).user.id : null;
  return { is: user === me.user.id ? "in" : "somebody-else" };
}
