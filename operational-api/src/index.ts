/** What other rooms and the composition root may use of the operational API. */
export * from "./entities/definition.ts";
export * from "./entities/index.ts";
export { type KnownSetting, knownSettings } from "./entities/known-settings.ts";
export * from "./auth/index.ts";
export * from "./postgres/index.ts";
export * from "./config.ts";
export * from "./server-config.ts";
export * from "./clock.ts";
export * from "./log.ts";
export {
  CompanyNotEmpty,
  demoAccounts,
  demoAccountsOf,
  type DemoOptions,
  fillDemoCompany,
  hasCompany,
  removeDemoCompany,
} from "./demo/index.ts";
export { type ErasedPlace } from "./audit/erasure/erase-person.ts";
export { type ErasureJob, type ErasureJobs, openErasureJobs } from "./audit/erasure/jobs.ts";
export { erasedMark, personalColumns } from "./audit/erasure/personal-columns.ts";
export { type Sought } from "./audit/erasure/sought.ts";
export { holdWriters } from "./audit/hold-writers.ts";
export type { AuditEntry } from "./audit/search.ts";
export { startSealer, type Seal, type Sealer } from "./audit/seal.ts";
export { verifyAudit, type AuditFault, type AuditProof } from "./audit/verify.ts";
export { createApi } from "./app.ts";
export { createPool } from "./pool.ts";
export { ensureDefaultPipeline } from "./schema/default-pipeline.ts";
export { migrate } from "./schema/migrate.ts";
export { publicationName } from "./schema/publication.ts";
export { appRole, mirrorRole } from "./schema/rights.ts";
export { requestIdOf } from "./routes/request.ts";
export { addAuditEntry } from "./store/audit.ts";
export { inWrite, type WriteDependencies } from "./store/write.ts";
