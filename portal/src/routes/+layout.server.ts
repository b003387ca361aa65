import { readSeen } from "#lib/server/session.ts";
import type { LayoutServerLoad } from "./$types";

/** A page that is not there, or failed before its frame was made, is among no frame that says whose view it is. */
export const load: LayoutServerLoad = async (event) => {
  // Not asked again for each page: looking with another's eyes begins and ends with a page loaded anew.
  const isFramed = event.untrack(() => event.route.id === null || event.route.id.startsWith("/(app)"));
  return { seen: isFramed ? await readSeen(event) : null };
};
