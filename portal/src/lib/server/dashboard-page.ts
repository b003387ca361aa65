import { error, type RequestEvent } from "@sveltejs/kit";
import { asNarrowed, type Tile } from "#lib/dashboards/definition.ts";
import { grantedDashboards, homeFor, type NamedDashboard } from "#lib/dashboards/index.ts";
import { m } from "#lib/paraglide/messages.js";
import type { Department } from "#lib/session.ts";
import type { TileAnswer } from "#lib/tile-data.ts";
import { apiFor, type Api } from "#lib/server/api.ts";
import { readDepartments } from "#lib/server/departments.ts";
import { pageScope } from "#lib/server/page-scope.ts";
import { semanticFor, type Catalogue, type Semantic } from "#lib/server/semantic.ts";
import { requireMe } from "#lib/server/session.ts";
import { answerTile } from "#lib/server/tiles/index.ts";
import type { PageScope } from "#lib/server/tiles/context.ts";

/** A page is sent with the tiles that are ready by then; the others follow on the same connection. */
const patienceMs = 400;

/** A dashboard as the caller's address asks for it. */
export interface OpenDashboard {
  dashboard: NamedDashboard;
  /** As the page shows them: narrowed where its address is. */
  tiles: Tile[];
  scope: PageScope;
  departments: Department[];
  api: Api;
  semantic: Semantic;
  catalogue: Catalogue;
}

/** 404 when the caller may not see the dashboard; `id` null is the caller's home. */
export async function openDashboard(event: RequestEvent, id: string | null): Promise<OpenDashboard> {
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
  const search = event.url.searchParams;
  const scope = pageScope(search, { me, locale: event.locals.locale, departments }, dashboard);
  return { dashboard, tiles: dashboard.tiles.map((tile) => asNarrowed(tile, search)), scope, departments, api, semantic, catalogue };
}

/** Starts the tiles of a dashboard, or only the `wanted` ones. */
function startTiles({ tiles, semantic, catalogue, scope }: OpenDashboard, wanted: readonly string[] | null): Answers {
  const started = tiles.filter((tile) => !wanted || wanted.includes(tile.id));
  return Object.fromEntries(started.map((tile) => [tile.id, answerTile(tile, semantic, catalogue, scope)]));
}
type Answers = Record<string, Promise<TileAnswer>>;

/** Data of a dashboard page; `id` null is the caller's home. */
export async function loadDashboard(event: RequestEvent, id: string | null) {
  const open = await openDashboard(event, id);
  const answers = startTiles(open, null);
  const ready: Record<string, TileAnswer> = {};
  const followed = Object.entries(answers).map(([tile, answer]) => answer.then((value) => (ready[tile] = value)));
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([Promise.all(followed), new Promise((resolve) => (timer = setTimeout(resolve, patienceMs)))]);
  clearTimeout(timer);
  const tiles: Record<string, TileAnswer | Promise<TileAnswer>> = { ...answers, ...ready };
  return { dashboardId: open.dashboard.id, shown: Object.keys(answers), tiles, period: open.scope.period };
}

/** The tiles named in `?tiles=a,b`, answered again. */
export async function reloadTiles(event: RequestEvent, id: string): Promise<Record<string, TileAnswer>> {
  const wanted = (event.url.searchParams.get("tiles") ?? "").split(",");
  const answers = startTiles(await openDashboard(event, id), wanted);
  return Object.fromEntries(await Promise.all(Object.entries(answers).map(async ([tile, answer]) => [tile, await answer] as const)));
}
