/** What a person saved and ran last, kept on the server beside the account: theirs alone, but for saved ones that are shared. */
import type { GivenParameter } from "./sql-api.ts";

export interface SavedQuery {
  id: string;
  name: string;
  statement: string;
  parameters: Record<string, GivenParameter>;
  is_shared: boolean;
  is_own: boolean;
  /** Whose it is. */
  owner: string;
}

export interface SqlRun {
  id: string;
  statement: string;
  parameters: Record<string, GivenParameter>;
  format: string;
  /** HTTP status of the answer. */
  status: number;
  row_count: number | null;
  milliseconds: number;
  /** RFC 3339 UTC. */
  ran_at: string;
}

/** What goes back into the editor. */
export type KeptStatement = Pick<SavedQuery, "statement" | "parameters">;

/** Why something was not kept, in the server's words. */
export class NotKept extends Error {
  override name = "NotKept";
}

const queries = "/api/v1/me/sql-queries";
const runs = "/api/v1/me/sql-runs";

async function send<Body>(method: string, path: string, body?: object): Promise<Body> {
  const response = await fetch(path, {
    method,
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  if (!response.ok) {
    const { detail, errors } = (await response.json()) as { detail: string; errors?: { field: string; reason: string }[] };
    throw new NotKept([detail, ...(errors ?? []).map(({ field, reason }) => `${field}: ${reason}`)].join("; "));
  }
  return (response.status === 204 ? undefined : await response.json()) as Body;
}

/** Under a name of one's own that is there it is written over. */
export const saveQuery = (saved: readonly SavedQuery[], name: string, kept: KeptStatement): Promise<SavedQuery> => {
  const there = saved.find((query) => query.is_own && query.name === name);
  return there ? send("PATCH", `${queries}/${there.id}`, kept) : send("POST", queries, { name, ...kept });
};
export const changeQuery = (id: string, change: { name?: string; is_shared?: boolean }): Promise<SavedQuery> =>
  send("PATCH", `${queries}/${id}`, change);
export const removeQuery = (id: string): Promise<void> => send("DELETE", `${queries}/${id}`);

/** Notes a statement that ended, and gives the last ones. */
export const noteRun = async (run: Omit<SqlRun, "id" | "ran_at">): Promise<SqlRun[]> => {
  await send("POST", runs, run);
  return (await send<{ data: SqlRun[] }>("GET", runs)).data;
};
export const forgetRuns = (): Promise<void> => send("DELETE", runs);
