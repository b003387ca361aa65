/** Which columns of which entities a mart's column shows, by the column lineage that the catalogue has: what column rules go by. */
import { entities } from "@kehu/operational-api/definitions";
import { originsOf } from "@kehu/models";
import type { CatalogueNode, ColumnInput, LineageKind, ProjectLineage } from "@kehu/models";

export interface ColumnOrigin {
  /** Null: not known, so any. */
  entity: string | null;
  column: string;
  /** `identity` and `renamed`: the entity's column itself. */
  kind: LineageKind;
}

export interface OriginColumn {
  name: string;
  origins: readonly ColumnOrigin[];
}

/** What the statistical fits learn from: their results come from all of it. A table of theirs that is not here is of unknown origin. */
const fitInputs: Readonly<Record<string, string>> = {
  "fits.bg_nbd": "fct_customer_purchase_history",
  "fits.gamma_gamma": "fct_customer_purchase_history",
  "fits.customer_value": "fct_customer_purchase_history",
  "fits.forecasts": "fct_forecast_series",
  "fits.churn_risk": "fct_churn_features",
  "fits.churn_backtest": "fct_churn_features",
  "fits.churn_model": "fct_churn_features",
};
/** Says of each fit when it ran, and nothing of records. */
const aboutFits = "fits.runs";

/** Event tables by the kind of event they keep values of. */
const eventTables: Readonly<Record<string, "stage" | "status" | "owner" | "department" | "amount" | "expected_close">> = {
  stage_events: "stage",
  status_events: "status",
  owner_events: "owner",
  department_events: "department",
  amount_events: "amount",
  expected_close_events: "expected_close",
};

/**
 * Answers where the columns of a node come from, in entities' columns. Undefined for a node that the catalogue does not have.
 * System columns, seeds and counted rows are of no entity's column.
 */
export function createColumnOrigins(nodes: readonly CatalogueNode[]): (node: string) => readonly OriginColumn[] | undefined {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const byName = new Map(nodes.map((node) => [node.name.toLowerCase(), node]));
  const lineage: ProjectLineage = new Map(nodes.filter(({ type }) => type !== "source" && type !== "seed").map((node) => [node.id, node]));
  const known = new Map<string, readonly OriginColumn[]>();

  const ofSource = (name: string, column: string, kind: LineageKind): ColumnOrigin[] => {
    const fitted = fitInputs[name];
    if (fitted !== undefined) return ofFit(fitted);
    if (name === aboutFits) return [];
    const [schema, table = ""] = name.split(".");
    const entity = schema === "crm" || schema === "crm_changes" ? entities.find((each) => each.table === table) : undefined;
    if (entity) return column in entity.columns ? [{ entity: entity.name, column, kind }] : [];
    const event = schema === "crm" ? eventTables[table] : undefined;
    if (event === undefined) return [{ entity: null, column, kind }];
    if (column !== "from_value" && column !== "to_value") return [];
    // Its values are of whichever entity keeps such events; as a record of its own an event is no row of theirs.
    return entities.flatMap((each) =>
      each.events?.[event] ? [{ entity: each.name, column: each.events[event], kind: "derived" as const }] : [],
    );
  };

  const ofFit = (mart: string): ColumnOrigin[] => {
    const columns = columnsOf(mart);
    if (!columns) return [{ entity: null, column: "*", kind: "aggregated" }];
    return columns.flatMap(({ origins }) => origins.map((origin) => ({ ...origin, kind: "aggregated" as const })));
  };

  const ofInput = (input: ColumnInput): ColumnOrigin[] => {
    if (input.column === "*") return [];
    const node = byId.get(input.node);
    if (node?.type === "seed") return [];
    if (node?.type !== "source") return [{ entity: null, column: input.column, kind: input.kind }];
    return ofSource(node.name, input.column, input.kind);
  };

  const columnsOf = (name: string): readonly OriginColumn[] | undefined => {
    const node = byName.get(name.toLowerCase());
    if (!node) return undefined;
    const found = known.get(node.id);
    if (found) return found;
    const columns = node.columns.map((column): OriginColumn => {
      if (node.type === "source") return { name: column.name, origins: ofSource(node.name, column.name, "identity") };
      if (column.kind === "unresolved") return { name: column.name, origins: [{ entity: null, column: column.name, kind: "unresolved" }] };
      const origins = originsOf(lineage, node.id, column.name).flatMap(ofInput);
      return { name: column.name, origins: [...new Map(origins.map((origin) => [JSON.stringify(origin), origin])).values()] };
    });
    known.set(node.id, columns);
    return columns;
  };
  return columnsOf;
}
