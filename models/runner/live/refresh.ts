import { didYouMean, ProjectError } from "../errors.ts";
import { macroText } from "../macro-text.ts";
import type { Node, Project } from "../resources.ts";

/** When a model is rebuilt after a change: with the next build (the default), at the next full hour, or at the company's midnight. */
export type Refresh = "live" | "hourly" | "nightly";

const known: readonly Refresh[] = ["live", "hourly", "nightly"];

/** A model's `meta.refresh`. */
export function refreshOf(node: Node): Refresh {
  const given = node.config.meta.refresh ?? "live";
  const refresh = known.find((candidate) => candidate === given);
  if (refresh) return refresh;
  throw new ProjectError(
    `${node.patchFile ?? node.file}: ${node.name}: meta.refresh must be live, hourly or nightly, found ${JSON.stringify(given)}.${didYouMean(String(given), known)}`,
  );
}

const asksForTheTime = /\bvar\(\s*["']as_of["']/;

/** Models whose rows depend on the time of the cut, by their own text or that of a macro they go through: every build makes them again. */
export function readsTheTime(node: Node, project: Project): boolean {
  if (asksForTheTime.test(node.rawCode)) return true;
  return node.dependsOnMacros.some((id) => {
    const macro = project.macros.get(id);
    return macro !== undefined && asksForTheTime.test(macroText(macro));
  });
}
