/** The model runner: builds and tests a dbt project on DuckDB. */
export { runModels, type Command, type RunOptions, type RunSummary } from "./run-models.ts";
export { runnerCommand } from "./command-line.ts";
export { ProjectError, UsageError } from "./errors.ts";
export type { NodeResult, Progress, Status } from "./execute.ts";
