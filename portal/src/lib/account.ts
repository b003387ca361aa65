/** Shapes of the account routes of the operational API. */

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

export interface User {
  id: string;
  name: string;
  email: string;
  roles: string[];
  employee_id: string | null;
  employee_name: string | null;
  is_active: boolean;
  idle_reason: "employee_left" | "no_role" | null;
  has_password: boolean;
  has_second_factor: boolean;
  has_company_sign_in: boolean;
  is_device_bound: boolean;
  sessions: number;
  keys: number;
  waiting_devices: number;
  last_seen_at: string | null;
}

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
