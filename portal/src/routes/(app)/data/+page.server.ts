import { apiFor } from "#lib/server/api.ts";
import { readHealth } from "#lib/server/health.ts";
import { requireMe } from "#lib/server/session.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async (event) => {
  await requireMe(event);
  return { health: await readHealth(apiFor(event)) };
};
