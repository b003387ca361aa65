/** The model runner: builds and tests a dbt project on DuckDB. */
export { runModels, type Command, type RunOptions, type RunSummary } from "./run-models.ts";
export { runnerCommand } from "./command-line.ts";
export { ProjectError, UsageError } from "./errors.ts";
export type { NodeResult, Progress, Status } from "./node-result.ts";
export { createLiveBuilder, type LiveBuilder, type LiveBuilderOptions, type LiveLogger, type LiveStatus } from "./live/live-builder.ts";
export { BuildFailure } from "./live/make-nodes.ts";
export { lintProject, type Finding } from "./lint.ts";
export type { CatalogueColumn, CatalogueNode, CatalogueTest } from "./lineage/published-catalogue.ts";
export { inputsOf, originsOf, strongest, type ColumnInput, type LineageKind, type ProjectLineage } from "./lineage/lineage.ts";
export { readQueryOrigins, type QueryOrigins } from "./lineage/query-origins.ts";
