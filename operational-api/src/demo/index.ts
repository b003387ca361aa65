/** The deterministic demo company: an industrial distributor in China (README.md beside this file). */
export { type DemoAccount, demoAccounts, demoAccountsOf } from "./accounts.ts";
export { CompanyNotEmpty, type Counts, type DemoOptions, fillDemoCompany } from "./fill.ts";
export { planted } from "./planted.ts";
export { hasCompany } from "./presence.ts";
export { DemoStillReferred, removeDemoCompany } from "./remove.ts";
