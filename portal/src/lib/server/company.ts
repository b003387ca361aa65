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

export function readCompany(env: NodeJS.ProcessEnv = process.env): Company {
  const timezone = env.KEHU_TIMEZONE || "Asia/Shanghai";
  const now = env.KEHU_CLOCK ? new Date(env.KEHU_CLOCK) : new Date();
  const today: CalendarDate = dateIn(timezone, now);
  return { timezone, today, currency: env.KEHU_CURRENCY || "CNY", fiscalYearStart: env.KEHU_FISCAL_YEAR_START || "01-01" };
}
