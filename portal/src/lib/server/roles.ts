import { roles } from "@kehu/operational-api/definitions";
import type { RoleChoice } from "#lib/account.ts";
import { roleTitle } from "#lib/role-title.ts";
import type { Role } from "#lib/session.ts";
import type { Api } from "#lib/server/api.ts";
import type { Locale } from "#lib/locale.ts";

interface RoleRow {
  name: string;
  title_zh?: string;
  title_en?: string;
}

/** The roles an account can have, called as the company calls them. */
export async function readRoles(api: Api, locale: Locale): Promise<RoleChoice[]> {
  const response = await api("/api/v1/roles");
  if (!response.ok) return roles.map((name) => ({ name, title: roleTitle(name) }));
  const { data } = (await response.json()) as { data: RoleRow[] };
  return data.map(({ name, title_zh, title_en }) => ({ name, title: (locale === "en" ? title_en : title_zh) ?? roleTitle(name as Role) }));
}
