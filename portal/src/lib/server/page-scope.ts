import type { Locale } from "#lib/locale.ts";
import { periodFromUrl, type PeriodName } from "#lib/period.ts";
import { overseenDepartments, withBelow } from "#lib/departments.ts";
import type { Department, Me } from "#lib/session.ts";
import { readCompany } from "#lib/server/company.ts";
import type { PageScope } from "#lib/server/tiles/context.ts";

/** What the URL restricts a page to. The URL holds the choice only; defaults come from the page. */
export function pageScope(
  search: URLSearchParams,
  caller: { me: Me; locale: Locale; departments: readonly Department[] },
  defaults: { period: PeriodName; own?: boolean; narrowedBy?: string },
): PageScope {
  const company = readCompany();
  const chosen = search.get("department");
  const narrowed = defaults.narrowedBy ? search.get(defaults.narrowedBy) : null;
  const isKnown = caller.departments.some(({ id }) => id === chosen);
  return {
    me: caller.me,
    locale: caller.locale,
    company,
    period: periodFromUrl(search, company, defaults.period),
    // An id the caller can't see matches nothing, rather than everything.
    departments: chosen ? (isKnown ? withBelow(caller.departments, chosen) : [chosen]) : null,
    overseen: overseenDepartments(caller.me, caller.departments),
    own: defaults.own ?? false,
    narrowed: defaults.narrowedBy && narrowed ? { [defaults.narrowedBy]: narrowed } : {},
    pipeline: search.get("pipeline"),
  };
}
