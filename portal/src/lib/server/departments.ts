import type { Department } from "#lib/session.ts";
import { readJson, type Api } from "#lib/server/api.ts";

interface Page {
  data: Department[];
  next_cursor?: string | null;
}

/** All departments the caller may read. */
export async function readDepartments(api: Api): Promise<Department[]> {
  const departments: Department[] = [];
  let cursor: string | null = null;
  do {
    const search = new URLSearchParams({ limit: "200", ...(cursor ? { cursor } : {}) });
    const page: Page = await readJson<Page>(await api(`/api/v1/departments?${search}`));
    departments.push(...page.data);
    cursor = page.next_cursor ?? null;
  } while (cursor);
  return departments.map(({ id, name, parent_id }) => ({ id, name, parent_id }));
}
