/** What the composition root and the portal's server may use of the semantic layer. */
export { createSemanticApp } from "./app.ts";
export type { Caller, SemanticApp, SemanticOptions } from "./app.ts";
export { watchSnapshots } from "./reader.ts";
export type { SnapshotSource } from "./reader.ts";
export type { CallerScope, Purpose } from "./policy.ts";
export type { HealthAnswer } from "./snapshot-health.ts";
export { serveStandalone } from "./standalone.ts";
export type { StandaloneOptions } from "./standalone.ts";
