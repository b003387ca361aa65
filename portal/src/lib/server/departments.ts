import type { Department } from "#lib/session.ts";
import { readJson, type Api } from "#lib/server/api.ts";

interface Page {
  data: Department[];
  next_cursor?: string | null;
}

const notGranted = 403;

/** All departments the caller may read: none for who has no right to them, a partner outlet's people for instance. */
export async function readDepartments(api: Api): Promise<Department[]> {
  const departments: Department[] = [];
  let cursor: string | null = null;
  do {
    const search = new URLSearchParams({ limit: "200", ...(cursor ? { cursor } : {}) });
    const answer = await api(`/api/v1/departments?${search}`);
    if (answer.status === notGranted) return [];
    const page: Page = await readJson<Page>(answer);
    departments.push(...page.data);
    cursor = page.next_cursor ?? null;
  } while (cursor);
  return departments.map(({ id, name, parent_id }) => ({ id, name, parent_id }));
}
