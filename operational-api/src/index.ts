/** What other rooms and the composition root may use of the operational API. */
export * from "./definitions.ts";
export * from "./auth/index.ts";
export * from "./postgres/index.ts";
export {
  CompanyNotEmpty,
  demoAccounts,
  demoAccountsOf,
  type DemoOptions,
  fillDemoCompany,
  hasCompany,
  removeDemoCompany,
} from "./demo/index.ts";
export * from "./erasure.ts";
export { holdWriters } from "./audit/hold-writers.ts";
export type { AuditEntry } from "./audit/search.ts";
export type { SealState } from "./audit/seal-state.ts";
export { startSealer, type Seal, type Sealer } from "./audit/seal.ts";
export { verifyAudit, type AuditFault, type AuditProof } from "./audit/verify.ts";
export { createApi } from "./app.ts";
export { createPool } from "./pool.ts";
export { ensureDefaultPipeline } from "./schema/default-pipeline.ts";
export { migrate } from "./schema/migrate.ts";
export { appRole, mirrorRole } from "./schema/rights.ts";
export { Problem, problemResponse } from "./problem.ts";
export { readText, requestIdOf } from "./routes/request.ts";
export { addAuditEntry } from "./store/audit.ts";
export { inWrite, type WriteDependencies } from "./store/write.ts";
