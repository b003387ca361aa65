import type { roles } from "@kehu/operational-api/definitions";

/** A role that every company has; it has a title in the message catalogue. */
export type Role = (typeof roles)[number];

/** The signed-in caller, as `GET /api/v1/me` answers. */
export interface Me {
  user: { id: string; name: string; email: string };
  employee_id: string | null;
  department_id: string | null;
  roles: Role[];
  /** Set while somebody else looks with this account's eyes. */
  seeing?: { by: string } | null;
}

/** What `GET /api/v1/me` says of the account beside its owner. */
export interface SignedIn extends Me {
  account: {
    kind: "session" | "api-key";
    second_factor: boolean;
    /** False for who signs in at the company's provider only. */
    has_password: boolean;
    idle_minutes: number;
    password_length: number;
  };
}

export interface DemoAccount {
  email: string;
  name: string;
  role: Role;
  password: string;
}

export interface Department {
  id: string;
  name: string;
  parent_id: string | null;
}
