import type { Pool } from "pg";
import type { Logger } from "../log.ts";
import { type AuthConfig, type AuthHooks, authOptions, type BetterAuth, companyProvider, createBetterAuth } from "./better-auth.ts";

export interface BetterAuthSource {
  current(): BetterAuth;
  /** The instance to hand a request to, which knows the company's provider when that can be reached. */
  ready(): Promise<BetterAuth>;
}

const retryMs = 5_000;

/**
 * better-auth asks the company's provider for its addresses once, when it is made, and does without it for ever when nobody answers.
 * A provider that was down must not need a restart of ours: as long as it is missing, a new instance is made now and then.
 */
export function createBetterAuthSource(given: { pool: Pool; config: AuthConfig; logger: Logger; hooks: AuthHooks }): BetterAuthSource {
  const make = (): BetterAuth => createBetterAuth(authOptions(given));
  let instance = make();
  let madeAt = performance.now();
  const knowsProvider = async (): Promise<boolean> =>
    (await instance.$context).socialProviders.some((provider) => provider.id === companyProvider);
  return {
    current: () => instance,
    ready: async () => {
      if (!given.config.oidc || (await knowsProvider()) || performance.now() - madeAt < retryMs) return instance;
      madeAt = performance.now();
      instance = make();
      return instance;
    },
  };
}
