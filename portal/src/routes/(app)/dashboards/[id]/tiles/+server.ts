import { json } from "@sveltejs/kit";
import { reloadTiles } from "#lib/server/dashboard-page.ts";
import type { RequestHandler } from "./$types";

/** Tiles again, after a publish: `?tiles=a,b` and the page's own filters. */
export const GET: RequestHandler = async (event) =>
  json(await reloadTiles(event, event.params.id), { headers: { "cache-control": "private, no-store" } });
