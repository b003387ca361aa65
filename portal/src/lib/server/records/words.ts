import type { Locale } from "#lib/locale.ts";
import { textOf } from "#lib/semantic.ts";
import { unsetValue } from "#lib/drill.ts";
import { codeLabels } from "#lib/server/code-labels.ts";
import type { Catalogue, Semantic } from "#lib/server/semantic.ts";

/** The dimension that says in words what `member` says by a code or an id: `churn_events.reason` -> `churn_events.reason_label_zh`, `orders.owner_id` -> `orders.owner`. */
export function wordMember(member: string, locale: Locale, catalogue: Catalogue): string | null {
  const label = `${member}_label_${locale === "en" ? "en" : "zh"}`;
  const named = member.endsWith("_id") ? member.slice(0, -"_id".length) : null;
  return [label, named].find((candidate) => candidate !== null && catalogue.has(candidate)) ?? null;
}

/** The words of certain values of a dimension, by value: the entity's own for its codes, else what the caller's rows say. A value without one is missing. */
export async function readWords(
  member: string,
  values: readonly string[],
  locale: Locale,
  { semantic, catalogue }: { semantic: Semantic; catalogue: Catalogue },
): Promise<ReadonlyMap<string, string>> {
  const known = codeLabels(member, locale);
  const words = wordMember(member, locale, catalogue);
  const asked = values.filter((value) => value !== unsetValue && !known.has(value));
  if (words === null || asked.length === 0) return known;
  const { rows } = await semantic.load({
    dimensions: [member, words],
    filters: [{ member, operator: "equals", values: asked }],
    limit: 1_000,
  });
  const read = rows.flatMap((row): [string, string][] => {
    const [value, word] = [textOf(row, member), textOf(row, words)];
    return value === null || word === null ? [] : [[value, word]];
  });
  return new Map([...known, ...read]);
}
