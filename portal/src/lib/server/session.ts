import { redirect, type RequestEvent } from "@sveltejs/kit";
import type { SignedIn } from "#lib/session.ts";
import { apiFor, readJson } from "#lib/server/api.ts";

/** By request: a page and the frames around it ask once. */
const asked = new WeakMap<Request, Promise<Response>>();

const askMe = async (event: RequestEvent): Promise<Response> => {
  const known = asked.get(event.request) ?? apiFor(event)("/api/v1/me");
  asked.set(event.request, known);
  return (await known).clone();
};

/** The signed-in caller, or null. */
export async function readMe(event: RequestEvent): Promise<SignedIn | null> {
  const response = await askMe(event);
  if (response.status === 401) return null;
  // Signed in, but the role needs a second factor that is not set up yet: nothing else works before it is.
  if (response.headers.get("kehu-needs") === "second-factor") redirect(303, "/sign-in/second-factor");
  return readJson<SignedIn>(response);
}

/** The name of the account with whose eyes the caller looks; null for one's own, and when that can't be asked. Never fails: error pages tell it. */
export async function readSeen(event: RequestEvent): Promise<string | null> {
  const response = await askMe(event).catch(() => null);
  if (!response?.ok) return null;
  const me = await readJson<SignedIn>(response);
  return me.seeing ? me.user.name : null;
}

/** The signed-in caller; anybody else is sent to the sign-in page and brought back afterwards. Every guarded load calls it. */
export async function requireMe(event: RequestEvent): Promise<SignedIn> {
  const me = await readMe(event);
  if (me) return me;
  const wanted = event.url.pathname + event.url.search;
  redirect(303, wanted === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(wanted)}`);
}
