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

/** How finely a model's rows follow the time of the cut: not at all, by the company's day, or by every instant. */
export type TimeGrain = "none" | "day" | "instant";

const asksForTheDay = /\bcompany_date\(\s*as_of\(\)\s*\)/g;
const asksForTheTime = /\bvar\(\s*["']as_of["']|\bas_of\(\)/;
/** The project's own word for the time of the cut: how a model uses it decides, not that it is there. */
const timeMacro = "as_of";

/** By the model's own text and that of the macros it goes through. A model that only asks `company_date(as_of())` stays as it is all day. */
export function timeGrainOf(node: Node, project: Project): TimeGrain {
  const texts = [node.rawCode];
  for (const id of node.dependsOnMacros) {
    const macro = project.macros.get(id);
    if (macro && macro.name !== timeMacro) texts.push(macroText(macro));
  }
  if (texts.some((text) => asksForTheTime.test(text.replace(asksForTheDay, "")))) return "instant";
  return texts.some((text) => asksForTheTime.test(text)) ? "day" : "none";
}
