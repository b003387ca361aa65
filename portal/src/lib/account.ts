/** Shapes of the account routes of the operational API. */
import type { UserRow } from "@kehu/operational-api";

export interface OpenSession {
  id: string;
  device: string | null;
  address: string | null;
  method: string | null;
  created_at: string;
  last_seen_at: string;
  is_current?: boolean;
}

export interface ApiKey {
  id: string;
  name: string | null;
  start: string | null;
  read_only: boolean;
  entities: string[] | null;
  expires_at: string | null;
}

/** As JSON carries it. */
export type User = Omit<UserRow, "last_seen_at"> & { last_seen_at: string | null };

export interface Device {
  id: string;
  name: string;
  state: "known" | "waiting" | "admitted";
  address: string | null;
  last_seen_at: string;
}

export interface AccountSettings {
  password_length: number;
  second_factor_roles: string[];
  idle_minutes: number;
  session_limit: number;
}

/** A role as `/api/v1/roles` lists it. */
export interface RoleChoice {
  name: string;
  title: string;
}
