import { apiFor, readJson } from "#lib/server/api.ts";
import { requireMe } from "#lib/server/session.ts";
import type { PageServerLoad } from "./$types";
import type { SqlSchema } from "./sql-api.ts";

export const load: PageServerLoad = async (event) => {
  await requireMe(event);
  return { schema: await readJson<SqlSchema>(await apiFor(event)("/api/sql/schema")) };
};
