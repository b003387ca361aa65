import { entities } from "@kehu/operational-api/definitions";
import type { Locale } from "#lib/locale.ts";

/**
 * The entity definition's own labels for the codes of a dimension: `codeLabels("orders.status", "en")` has "approved" -> "Approved".
 * Views are named like the tables of their entities; a dimension without codes has no labels.
 */
export function codeLabels(member: string, locale: Locale): ReadonlyMap<string, string> {
  const [view, column = ""] = member.split(".");
  const values = entities.find(({ table }) => table === view)?.columns[column]?.values ?? {};
  return new Map(Object.entries(values).map(([code, label]) => [code, locale === "en" ? label.en : label.zh]));
}
