export { createAuth, type Auth, type Principal } from "./create-auth.ts";
export { type AuthConfig } from "./better-auth.ts";
export { createAuthRoutes } from "./routes.ts";
export { migrateAuth } from "./migrate.ts";
export { installScopeTriggers } from "./tables.ts";
export { compileScope } from "./compile-scope.ts";
export { usesCookie } from "./credentials.ts";
export { createKeySource, verifyToken, type TokenClaims } from "./token.ts";
export {
  createDemoAccounts,
  createUser,
  ensureAdministrator,
  listDemoAccounts,
  removeDemoAccounts,
  type DemoAccount,
  type NewDemoAccount,
  type NewUser,
} from "./accounts.ts";
export type { UserRow } from "./users.ts";
