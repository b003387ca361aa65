import { searchModels } from "#lib/catalogue/model.ts";
import { apiFor } from "#lib/server/api.ts";
import { readModels } from "#lib/server/catalogue.ts";
import { requireMe } from "#lib/server/session.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async (event) => {
  await requireMe(event);
  const text = event.url.searchParams.get("q") ?? "";
  const models = await readModels(apiFor(event));
  const found = searchModels(models, text);
  return {
    text,
    total: models.length,
    found: found.map(({ model: { columns, ...model }, columns: matching }) => ({
      ...model,
      columnCount: columns.length,
      matching: matching.map(({ name, title }) => ({ name, title })),
    })),
  };
};
