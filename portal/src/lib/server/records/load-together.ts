import { ApiError } from "#lib/server/api.ts";
import type { Loaded, Semantic, SemanticQuery } from "#lib/server/semantic.ts";

const tries = 5;

/**
 * Rows and their totals, of one build: when a publish fell between the two answers, both are asked for again, so that a total is always that of
 * the rows above it. Throws `ApiError`: what the semantic layer refuses, or 503 when publishes follow each other faster than the queries are answered.
 */
export async function loadTogether(
  semantic: Semantic,
  rows: SemanticQuery,
  totals: SemanticQuery | null,
  purpose?: "export",
): Promise<{ listed: Loaded; totalled: Loaded | null }> {
  for (let left = tries; left > 0; left--) {
    const [listed, totalled] = await Promise.all([semantic.load(rows, purpose), totals ? semantic.load(totals, purpose) : null]);
    if (!totalled || listed.trust.build === totalled.trust.build) return { listed, totalled };
  }
  throw new ApiError(503, `The data was published anew during each of ${tries} tries; try again in a moment`);
}
