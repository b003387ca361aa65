/** Shapes of Cube's REST API and metadata, as far as they are used here. Cube's own types are mostly `any`. */

export type QueryType = "regularQuery" | "compareDateRangeQuery" | "blendingQuery";

export type Filter = { or: Filter[] } | { and: Filter[] } | { member: string; operator: string; values?: (string | null)[] };

export interface TimeDimension {
  dimension: string;
  granularity?: string;
  /** `YYYY-MM-DDTHH:mm:ss.SSS`, local to the query's timezone. */
  dateRange?: [string, string];
}

export interface NormalizedQuery {
  measures?: string[];
  dimensions: string[];
  timeDimensions: TimeDimension[];
  filters: Filter[];
  segments?: string[];
  order?: [string, "asc" | "desc"][];
  limit?: number;
  offset?: number;
  timezone: string;
  total?: boolean;
  ungrouped?: boolean;
  responseFormat?: "default" | "compact" | "columnar";
}

/** What the planner takes: a normalised query with `order` as `{id, desc}` and `limit` as `rowLimit`. */
export type PlanOptions = Omit<NormalizedQuery, "order" | "limit" | "offset"> & {
  order?: { id: string; desc: boolean }[];
  limit?: number | null;
  rowLimit?: number | null;
  offset?: number | null;
  totalQuery?: boolean;
};

export interface MetaMember {
  name: string;
  title: string;
  shortTitle: string;
  description?: string;
  type: string;
  aliasMember?: string;
  isVisible: boolean;
  public: boolean;
  /** Named (`percent`, `currency`) or a d3 specifier with its type. */
  format?: string | { type: string; value?: string };
  /** Of measures: over a rolling window. */
  cumulative?: boolean;
  meta?: { en?: { title?: string; description?: string }; [key: string]: unknown };
}

export interface MetaCube {
  name: string;
  type: "view" | "cube";
  title: string;
  description?: string;
  isVisible: boolean;
  public: boolean;
  meta?: MetaMember["meta"];
  measures: MetaMember[];
  dimensions: (MetaMember & { granularities?: { name: string; title: string; interval?: string }[] })[];
  segments: MetaMember[];
  [key: string]: unknown;
}
