import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { linkMinutes, type BetterAuth } from "./better-auth.ts";
import { letters, type Mail } from "./mail.ts";

/** Links that work once, for 30 minutes. Of each only a hash is stored. */
export interface Links {
  /** By which the user sets a new password; earlier ones of the user end. */
  makeReset(userId: string): Promise<{ link: string; expiresAt: Date }>;
  /** Sends the link that better-auth made because somebody asked for it. */
  sendReset(to: { id: string; email: string }, token: string): Promise<void>;
  /** Sends the user a link that admits the device; does nothing without mail. */
  sendDevice(device: { userId: string; deviceId: string; name: string }): Promise<void>;
  /** The device that a link admits, which is used up by this; null for a link that was used or is too old. */
  useDevice(token: string): Promise<string | null>;
  /** Whose password a link resets, without using it up. */
  ownerOfReset(token: string): Promise<string | null>;
}

const deviceLink = (token: string): string => `device:${token}`;
const resetLink = (token: string): string => `reset-password:${token}`; // better-auth's name for it

export function createLinks(options: { pool: Pool; betterAuth: () => BetterAuth; url: string; locale: string; mail: Mail | null }): Links {
  const { pool, betterAuth, url, mail } = options;

  const make = async (name: (token: string) => string, value: string): Promise<{ token: string; expiresAt: Date }> => {
    const token = randomBytes(32).toString("base64url");
    const expiresAt = new Date(Date.now() + linkMinutes * 60_000);
    const { internalAdapter } = await betterAuth().$context;
    await internalAdapter.createVerificationValue({ identifier: name(token), value, expiresAt });
    return { token, expiresAt };
  };
  const resetPage = (token: string): string => `${url}/sign-in/reset?token=${encodeURIComponent(token)}`;
  const recipient = async (userId: string): Promise<{ email: string; locale: string } | null> => {
    const { rows } = await pool.query<{ email: string; locale: string }>(
      `select account.email, coalesce(holder.locale, $2) as locale from auth."user" as account join auth.holders as holder on holder.user_id = account.id
        where account.id::text = $1 and holder.active`,
      [userId, options.locale],
    );
    return rows[0] ?? null;
  };

  return {
    makeReset: async (userId) => {
      await pool.query("delete from auth.verification where value = $1", [userId]);
      const { token, expiresAt } = await make(resetLink, userId);
      return { link: resetPage(token), expiresAt };
    },
    sendReset: async ({ id }, token) => {
      const to = await recipient(id);
      if (to) mail?.send({ to: to.email, ...letters.reset(to.locale, resetPage(token)) });
    },
    sendDevice: async ({ userId, deviceId, name }) => {
      const to = mail && (await recipient(userId));
      if (!mail || !to) return;
      const { token } = await make(deviceLink, deviceId);
      mail.send({ to: to.email, ...letters.device(to.locale, `${url}/sign-in/device?token=${token}`, name) });
    },
    useDevice: async (token) => {
      const { internalAdapter } = await betterAuth().$context;
      return (await internalAdapter.consumeVerificationValue(deviceLink(token)))?.value ?? null;
    },
    ownerOfReset: async (token) => {
      const { internalAdapter } = await betterAuth().$context;
      const found = await internalAdapter.findVerificationValue(resetLink(token));
      return found && found.expiresAt > new Date() ? found.value : null;
    },
  };
}
