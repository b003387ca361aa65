/**
 * What a process needs to know of the company that neither opens its database nor serves its API: entities, rights, settings, clock and log, and how a workbook is written.
 * An entry of its own, so that the warehouse, query and sandbox processes do not load the accounts and the API at every start.
 */
export * from "./entities/definition.ts";
export * from "./entities/index.ts";
export { type KnownSetting, knownSettings } from "./entities/known-settings.ts";
export * from "./auth/scope.ts";
export {
  customerGroupColumns,
  defaultPermissions,
  publishedAggregates,
  rowScopes,
  specialSubjects,
  type ColumnRule,
  type Permission,
  type RowScope,
} from "./auth/permissions.ts";
export { personalColumns } from "./audit/erasure/personal-columns.ts";
export { maskedSql, maskOf, type MaskKind } from "./auth/mask.ts";
export * from "./config.ts";
export * from "./server-config.ts";
export * from "./clock.ts";
export * from "./log.ts";
export * from "./workbook/cells.ts";
export * from "./workbook/workbook.ts";
export { publicationName } from "./schema/publication.ts";
