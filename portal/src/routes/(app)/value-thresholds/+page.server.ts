import { error } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { textOf } from "#lib/semantic.ts";
import { semanticFor } from "#lib/server/semantic.ts";
import { requireMe } from "#lib/server/session.ts";
import { readThresholds, tiersOf } from "#lib/value-thresholds.ts";
import type { PageServerLoad } from "./$types";

const measures = ["value.customer_count", "value.amount", "value.profit_contribution"];

/** Each tier is a question of its own to the semantic layer, over the last month there is. */
export const load: PageServerLoad = async (event) => {
  await requireMe(event);
  const semantic = semanticFor(event);
  const catalogue = await semantic.catalogue();
  if (!measures.every((member) => catalogue.has(member))) error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
  const { thresholds, problem } = readThresholds(event.url.searchParams);
  const tiers = await Promise.all(
    tiersOf(thresholds).map(async ({ from, to, filters }) => {
      const { rows } = await semantic.load({ measures, filters });
      return { from, to, values: measures.map((member) => textOf(rows[0], member)) };
    }),
  );
  const columns = measures.map((member) => {
    const { title, format } = catalogue.member(member);
    return { title, format };
  });
  return { thresholds, problem, tiers, columns };
};
