/** What other rooms and the composition root may use of the operational API. */
export * from "./entities/definition.ts";
export * from "./entities/index.ts";
export * from "./auth/scope.ts";
export * from "./postgres/index.ts";
export { migrate } from "./schema/migrate.ts";
export { publicationName } from "./schema/publication.ts";
export { appRole, mirrorRole } from "./schema/rights.ts";
