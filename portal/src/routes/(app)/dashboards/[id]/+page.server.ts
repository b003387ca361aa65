import { loadDashboard } from "#lib/server/dashboard-page.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = (event) => loadDashboard(event, event.params.id);
