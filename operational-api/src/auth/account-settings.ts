import type { Pool } from "pg";
import { z } from "zod";
import type { Role } from "./scope.ts";

/** What the company decides about its accounts; `auth.account_settings`. */
export interface AccountSettings {
  /** Least number of characters of a new password. */
  password_length: number;
  /** Who has one of these roles must use a second factor. */
  second_factor_roles: Role[];
  /** A session without a request of its user for so long ends. */
  idle_minutes: number;
  /** Sessions of one account at a time; the one unused for longest ends when another begins. */
  session_limit: number;
}

const wholeNumber = (from: number, to: number): z.ZodInt => {
  const error = `expected a whole number from ${from} to ${to}`;
  return z.int({ error }).min(from, { error }).max(to, { error });
};

/** Body of `PATCH /api/v1/account-settings`. */
export const accountSettingsBody = z.strictObject({
  password_length: wholeNumber(8, 64).optional(),
  second_factor_roles: z
    .array(z.string({ error: "expected names of roles" }).max(40), { error: "expected a list of role names" })
    .optional(),
  idle_minutes: wholeNumber(1, 1440).optional(),
  session_limit: wholeNumber(1, 100).optional(),
});

const keptMs = 5_000;

export interface AccountSettingsSource {
  /** At most 5 s old; at once after `forget`. */
  get(): Promise<AccountSettings>;
  forget(): void;
}

export function createAccountSettings(pool: Pool): AccountSettingsSource {
  let kept: { settings: Promise<AccountSettings>; until: number } | undefined;
  return {
    get: () => {
      const now = performance.now();
      if (kept && kept.until > now) return kept.settings;
      const settings = readAccountSettings(pool);
      kept = { settings, until: now + keptMs };
      settings.catch(() => (kept = undefined));
      return settings;
    },
    forget: () => (kept = undefined),
  };
}

export async function readAccountSettings(client: Pick<Pool, "query">): Promise<AccountSettings> {
  const { rows } = await client.query<AccountSettings>(
    "select password_length, second_factor_roles, idle_minutes, session_limit from auth.account_settings",
  );
  if (!rows[0]) throw new Error("auth.account_settings is empty; the migration puts its one row there");
  return rows[0];
}
