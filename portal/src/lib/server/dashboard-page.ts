import { error, type RequestEvent } from "@sveltejs/kit";
import { grantedDashboards, homeFor, type NamedDashboard } from "#lib/dashboards/index.ts";
import { m } from "#lib/paraglide/messages.js";
import type { TileAnswer } from "#lib/tile-data.ts";
import { apiFor } from "#lib/server/api.ts";
import { readDepartments } from "#lib/server/departments.ts";
import { pageScope } from "#lib/server/page-scope.ts";
import { semanticFor } from "#lib/server/semantic.ts";
import { requireMe } from "#lib/server/session.ts";
import { answerTile } from "#lib/server/tiles/index.ts";
import type { PageScope } from "#lib/server/tiles/context.ts";

/** A page is sent with the tiles that are ready by then; the others follow on the same connection. */
const patienceMs = 400;

interface OpenDashboard {
  dashboard: NamedDashboard;
  scope: PageScope;
  answers: Record<string, Promise<TileAnswer>>;
}

/** Starts the tiles of a dashboard (`wanted`: only these) for the caller. 404 when the caller may not see it. */
async function openDashboard(event: RequestEvent, id: string | null, wanted: readonly string[] | null): Promise<OpenDashboard> {
  const me = await requireMe(event);
  const api = apiFor(event);
  const semantic = semanticFor(event);
  const [catalogue, departments] = await Promise.all([semantic.catalogue(), readDepartments(api)]);
  const granted = grantedDashboards(me.roles, (member) => catalogue.has(member));
  const dashboard = id === null ? homeFor(me.roles, granted) : granted.find((known) => known.id === id);
  if (!dashboard) {
    if (id === null) error(403, { message: m.error_no_dashboard(), remedy: m.error_no_dashboard_remedy() });
    error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
  }
  const scope = pageScope(event.url.searchParams, { me, locale: event.locals.locale, departments }, dashboard);
  const tiles = dashboard.tiles.filter((tile) => !wanted || wanted.includes(tile.id));
  const answers = Object.fromEntries(tiles.map((tile) => [tile.id, answerTile(tile, semantic, catalogue, scope)]));
  return { dashboard, scope, answers };
}

/** Data of a dashboard page; `id` null is the caller's home. */
export async function loadDashboard(event: RequestEvent, id: string | null) {
  const { dashboard, scope, answers } = await openDashboard(event, id, null);
  const ready: Record<string, TileAnswer> = {};
  const followed = Object.entries(answers).map(([tile, answer]) => answer.then((value) => (ready[tile] = value)));
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([Promise.all(followed), new Promise((resolve) => (timer = setTimeout(resolve, patienceMs)))]);
  clearTimeout(timer);
  const tiles: Record<string, TileAnswer | Promise<TileAnswer>> = { ...answers, ...ready };
  return { dashboardId: dashboard.id, shown: Object.keys(answers), tiles, period: scope.period };
}

/** The tiles named in `?tiles=a,b`, answered again. */
export async function reloadTiles(event: RequestEvent, id: string): Promise<Record<string, TileAnswer>> {
  const wanted = (event.url.searchParams.get("tiles") ?? "").split(",");
  const { answers } = await openDashboard(event, id, wanted);
  return Object.fromEntries(await Promise.all(Object.entries(answers).map(async ([tile, answer]) => [tile, await answer] as const)));
}
