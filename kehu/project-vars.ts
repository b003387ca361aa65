import type { Settings } from "./settings.ts";

/** The company settings that figures depend on, as the dbt project names them. */
export const projectVars = (
  settings: Pick<Settings, "timezone" | "currency" | "fiscalYearStart" | "weekStart">,
): Record<string, string> => ({
  timezone: settings.timezone,
  currency: settings.currency,
  fiscal_year_start: settings.fiscalYearStart,
  week_start: settings.weekStart,
});
