import type { Pool } from "pg";

/** What can happen to an account; the `action` of its audit entry, whose `entity` is `account` and whose `record_id` is the user's id. */
export type AccountAction =
  | "sign_in"
  | "sign_in_failed"
  | "sign_in_blocked"
  | "second_factor_failed"
  | "second_factor_on"
  | "second_factor_off"
  | "recovery_codes_made"
  | "password_changed"
  | "password_refused"
  | "password_reset_requested"
  | "password_reset_link_made"
  | "password_reset"
  | "session_ended"
  | "key_made"
  | "key_revoked"
  | "device_waiting"
  | "device_link_made"
  | "device_admitted"
  | "device_removed"
  | "account_made"
  | "account_stopped"
  | "account_started"
  | "account_changed"
  | "account_settings_changed";

export interface AccountEvent {
  action: AccountAction;
  /** Whose account; null when nobody's is known. */
  userId: string | null;
  /** Who did it; null when nobody was signed in. */
  actorId: string | null;
  /** Never a password, token, code, key or e-mail address. */
  values?: Record<string, unknown>;
  oldValues?: Record<string, unknown>;
  address: string | null;
  requestId?: string | null;
}

/** Writes the entry; with the client of a transaction, in it. Its time is the machine's, as that of sessions: KEHU_CLOCK moves business time only. */
export async function recordAccountEvent(client: Pick<Pool, "query">, event: AccountEvent): Promise<void> {
  await client.query(
    `insert into audit.entries (at, actor_id, action, entity, record_id, old_values, new_values, ip, request_id)
     values (clock_timestamp(), $1, $2, 'account', $3, $4, $5, $6, $7)`,
    [
      event.actorId,
      event.action,
      event.userId,
      event.oldValues ? JSON.stringify(event.oldValues) : null,
      JSON.stringify(event.values ?? {}),
      event.address,
      event.requestId ?? null,
    ],
  );
}
