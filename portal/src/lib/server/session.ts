import { redirect, type RequestEvent } from "@sveltejs/kit";
import type { SignedIn } from "#lib/session.ts";
import { apiFor, readJson } from "#lib/server/api.ts";

/** The signed-in caller, or null. */
export async function readMe(event: RequestEvent): Promise<SignedIn | null> {
  const response = await apiFor(event)("/api/v1/me");
  if (response.status === 401) return null;
  // Signed in, but the role needs a second factor that is not set up yet: nothing else works before it is.
  if (response.headers.get("kehu-needs") === "second-factor") redirect(303, "/sign-in/second-factor");
  return readJson<SignedIn>(response);
}

/** The signed-in caller; anybody else is sent to the sign-in page and brought back afterwards. Every guarded load calls it. */
export async function requireMe(event: RequestEvent): Promise<SignedIn> {
  const me = await readMe(event);
  if (me) return me;
  const wanted = event.url.pathname + event.url.search;
  redirect(303, wanted === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(wanted)}`);
}
