import { redirect, type RequestEvent } from "@sveltejs/kit";
import type { Me } from "#lib/session.ts";
import { apiFor, readJson } from "#lib/server/api.ts";

/** The signed-in caller, or null. */
export async function readMe(event: RequestEvent): Promise<Me | null> {
  const response = await apiFor(event)("/api/v1/me");
  if (response.status === 401) return null;
  return readJson<Me>(response);
}

/** The signed-in caller; anybody else is sent to the sign-in page and brought back afterwards. Every guarded load calls it. */
export async function requireMe(event: RequestEvent): Promise<Me> {
  const me = await readMe(event);
  if (me) return me;
  const wanted = event.url.pathname + event.url.search;
  redirect(303, wanted === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(wanted)}`);
}
