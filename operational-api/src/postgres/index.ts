export { startPostgres, type RunningPostgres } from "./start.ts";
export { readRuntime, updateRuntime, type Runtime } from "./runtime-file.ts";
