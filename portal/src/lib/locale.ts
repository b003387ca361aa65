/** The languages of the portal; the first is what a caller without a choice gets. */
export const locales = ["zh-CN", "en"] as const;
export type Locale = (typeof locales)[number];
