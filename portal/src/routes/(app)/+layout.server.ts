import { homeFor, grantedDashboards } from "#lib/dashboards/index.ts";
import { offeredDepartments } from "#lib/departments.ts";
import { ApiError, apiFor } from "#lib/server/api.ts";
import { readCompany } from "#lib/server/company.ts";
import { readDepartments } from "#lib/server/departments.ts";
import { grantedRecordViews } from "#lib/records/index.ts";
import { readHealth } from "#lib/server/health.ts";
import { semanticFor, type Catalogue } from "#lib/server/semantic.ts";
import { requireMe } from "#lib/server/session.ts";
import type { LayoutServerLoad } from "./$types";

/** Nothing before the first snapshot: the pages that need figures say so themselves, and the others, such as the state of the data, are there. */
async function readCatalogue(event: Parameters<LayoutServerLoad>[0]): Promise<Catalogue | null> {
  try {
    return await semanticFor(event).catalogue();
  } catch (error) {
    if (error instanceof ApiError && error.status === 503) return null;
    throw error;
  }
}

export const load: LayoutServerLoad = async (event) => {
  const me = await requireMe(event);
  const api = apiFor(event);
  const [catalogue, departments, health] = await Promise.all([readCatalogue(event), readDepartments(api), readHealth(api)]);
  const has = (member: string): boolean => catalogue?.has(member) ?? false;
  const granted = grantedDashboards(me.roles, has);
  return {
    me,
    departments: offeredDepartments(me, departments),
    company: readCompany(),
    locale: event.locals.locale,
    menu: {
      home: homeFor(me.roles, granted)?.id ?? null,
      dashboards: granted.map(({ id }) => id),
      records: grantedRecordViews(has).map(({ id }) => id),
    },
    freshTo: health.freshTo,
  };
};
