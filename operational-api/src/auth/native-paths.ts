import type { AccountAction } from "./account-audit.ts";

/** What a success of one of better-auth's own routes means for the audit trail. */
export const auditedPaths: Readonly<Record<string, AccountAction>> = {
  "/change-password": "password_changed",
  "/reset-password": "password_reset",
  "/request-password-reset": "password_reset_requested",
  "/two-factor/disable": "second_factor_off",
  "/two-factor/generate-backup-codes": "recovery_codes_made",
  "/api-key/create": "key_made",
  "/api-key/delete": "key_revoked",
  "/api-key/update": "account_changed",
  "/sign-out": "session_ended",
  "/revoke-session": "session_ended",
  "/revoke-sessions": "session_ended",
  "/revoke-other-sessions": "session_ended",
};

/** Where a new password arrives. */
export const passwordPaths: ReadonlySet<string> = new Set(["/change-password", "/reset-password", "/set-password"]);

/** Where a second factor is entered: to sign in, or (with a session) to switch it on. */
export const secondFactorPaths: ReadonlySet<string> = new Set(["/two-factor/verify-totp", "/two-factor/verify-backup-code"]);

/** What somebody may do whose role needs a second factor that is not set up yet: set it up, or leave. */
export const allowedWithoutSecondFactor = (path: string): boolean =>
  path.startsWith("/two-factor/") ||
  path.startsWith("/sign-in/") ||
  path.startsWith("/callback/") ||
  path === "/sign-out" ||
  path === "/get-session" ||
  path === "/jwks";
