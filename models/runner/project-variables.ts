import type { Project, Settings } from "./resources.ts";
import { isSettings } from "./yaml.ts";

/** What `var()` sees inside a package, weakest first: its own, the project's general ones, the project's for that package, the caller's. */
export function variablesFor(
  project: Pick<Project, "settings" | "vars"> & Partial<Pick<Project, "packages">>,
  packageName: string,
): Settings {
  const { settings } = project;
  const own = project.packages?.get(packageName);
  if (packageName === settings.name || !own) return { ...settings.vars, ...project.vars };
  const given = settings.varTree[packageName];
  return { ...own.vars, ...settings.vars, ...(isSettings(given) && given), ...project.vars };
}
