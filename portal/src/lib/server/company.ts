import { dateIn, type CalendarDate } from "#lib/calendar-date.ts";
import type { CompanyCalendar } from "#lib/period.ts";

/**
 * The company's settings as the web process was started with. It has checked them before it listens,
 * so that here they only need their defaults.
 */
export interface Company extends CompanyCalendar {
  timezone: string;
  currency: string;
}

/** The business "now": the machine's, or the one KEHU_CLOCK fixes. */
export const companyNow = (env: NodeJS.ProcessEnv = process.env): Date => (env.KEHU_CLOCK ? new Date(env.KEHU_CLOCK) : new Date());

export function readCompany(env: NodeJS.ProcessEnv = process.env): Company {
  const timezone = env.KEHU_TIMEZONE || "Asia/Shanghai";
  const today: CalendarDate = dateIn(timezone, companyNow(env));
  return { timezone, today, currency: env.KEHU_CURRENCY || "CNY", fiscalYearStart: env.KEHU_FISCAL_YEAR_START || "01-01" };
}
