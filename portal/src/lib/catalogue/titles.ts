import type { Layer, LineageKind, TestStatus } from "#lib/catalogue/model.ts";
import { m } from "#lib/paraglide/messages.js";

const layerTitles: Record<Layer, () => string> = {
  reports: m.catalogue_layer_reports,
  marts: m.catalogue_layer_marts,
  intermediate: m.catalogue_layer_intermediate,
  staging: m.catalogue_layer_staging,
  seeds: m.catalogue_layer_seeds,
  source: m.catalogue_layer_source,
};
export const layerTitle = (layer: Layer): string => layerTitles[layer]();

const kindTitles: Record<LineageKind, () => string> = {
  constant: m.lineage_constant,
  identity: m.lineage_identity,
  renamed: m.lineage_renamed,
  derived: m.lineage_derived,
  aggregated: m.lineage_aggregated,
  unresolved: m.lineage_unresolved,
};
export const kindTitle = (kind: LineageKind): string => kindTitles[kind]();

const statusTitles: Record<TestStatus, () => string> = {
  pass: m.catalogue_test_pass,
  warn: m.catalogue_test_warn,
  fail: m.catalogue_test_fail,
  unknown: m.catalogue_test_unknown,
};
export const statusTitle = (status: TestStatus): string => statusTitles[status]();
