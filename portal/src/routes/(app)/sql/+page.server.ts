import { apiFor, readJson } from "#lib/server/api.ts";
import { requireMe } from "#lib/server/session.ts";
import type { PageServerLoad } from "./$types";
import type { SavedQuery, SqlRun } from "./kept-statements.ts";
import type { SqlSchema } from "./sql-api.ts";

export const load: PageServerLoad = async (event) => {
  await requireMe(event);
  const api = apiFor(event);
  const read = async <Body>(path: string): Promise<Body> => readJson<Body>(await api(path));
  const [schema, saved, runs] = await Promise.all([
    read<SqlSchema>("/api/sql/schema"),
    read<{ data: SavedQuery[] }>("/api/v1/me/sql-queries"),
    read<{ data: SqlRun[] }>("/api/v1/me/sql-runs"),
  ]);
  return { schema, saved: saved.data, runs: runs.data };
};
