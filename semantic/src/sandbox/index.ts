/** The sandbox without the engine of the semantic API: its process starts without Cube's compiler. */
export { createSqlApp } from "./app.ts";
export type { SqlApp, SqlAppOptions, SqlReport } from "./app.ts";
export { watchSnapshots } from "../reader.ts";
export { lowerPriority, sandboxPriority } from "./priority.ts";
