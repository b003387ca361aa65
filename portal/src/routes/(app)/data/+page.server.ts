import { collectionOf, entities } from "@kehu/operational-api/definitions";
import type { HealthAnswer } from "@kehu/semantic";
import { recordView } from "#lib/records/index.ts";
import { ApiError, apiFor, readJson } from "#lib/server/api.ts";
import { readHealth } from "#lib/server/health.ts";
import { requireMe } from "#lib/server/session.ts";
import type { PageServerLoad } from "./$types";

/** How fresh and how sound the figures are: the mirror from the product's health, the rest from the snapshot that is served. */
export const load: PageServerLoad = async (event) => {
  await requireMe(event);
  const api = apiFor(event);
  const [health, answer] = await Promise.all([readHealth(api), api("/cubejs-api/v1/health")]);
  const snapshot = await readJson<HealthAnswer>(answer).catch((refusal: unknown) => {
    if (refusal instanceof ApiError && refusal.status === 503) return null; // starting: the page says so
    throw refusal;
  });
  const isEnglish = event.locals.locale === "en";
  return {
    health,
    snapshot,
    entities: Object.fromEntries(
      entities.map((entity) => [
        entity.name,
        {
          title: isEnglish ? entity.label.en : entity.label.zh,
          api: `/api/v1/${collectionOf(entity)}`,
          page: recordView(entity.table)?.key === "id" ? `/records/${entity.table}` : null,
        },
      ]),
    ),
  };
};
