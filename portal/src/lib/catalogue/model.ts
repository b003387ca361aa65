/** The models behind the figures, as the semantic layer lets the caller know them. */

export type LineageKind = "constant" | "identity" | "renamed" | "derived" | "aggregated" | "unresolved";
export type TestStatus = "pass" | "warn" | "fail" | "unknown";

export interface ColumnInput {
  /** Id of a model or source. */
  node: string;
  /** `*`: its rows. */
  column: string;
  kind: LineageKind;
}

export interface ModelColumn {
  name: string;
  /** Its label in the operational system. */
  title: string | null;
  /** As DuckDB writes it; null of what is not stored. */
  type: string | null;
  description: string;
  kind: LineageKind;
  inputs: ColumnInput[];
  /** Inputs that the caller may not know of. */
  hiddenInputs: number;
}

export interface ModelTest {
  name: string;
  kind: string;
  column: string | null;
  status: TestStatus;
}

export interface Model {
  id: string;
  type: "model" | "seed" | "snapshot" | "source";
  schema: string;
  /** `fct_orders`; of a source `crm.orders`. */
  name: string;
  title: string | null;
  description: string;
  parents: string[];
  /** Those whose rows decide how many rows it has. */
  rows: string[];
  columns: ModelColumn[];
  tests: ModelTest[];
}

export const layers = ["reports", "marts", "intermediate", "staging", "seeds", "source"] as const;
export type Layer = (typeof layers)[number];

/** Where a model stands on the way from the source to the figure; what stands elsewhere counts as a mart. */
export function layerOf({ type, schema }: Pick<Model, "type" | "schema">): Layer {
  if (type === "source") return "source";
  if (type === "seed") return "seeds";
  return layers.find((layer) => layer === schema) ?? "marts";
}

/** The worst of a model's or column's tests; null without any. */
export function worstStatus(tests: readonly ModelTest[]): TestStatus | null {
  const order: readonly TestStatus[] = ["fail", "warn", "unknown", "pass"];
  return order.find((status) => tests.some((test) => test.status === status)) ?? null;
}

/** Models in which every word stands somewhere, each with the columns that hold one of them. */
export function searchModels(models: readonly Model[], text: string): { model: Model; columns: ModelColumn[] }[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return models.flatMap((model) => {
    const own = [model.name, model.title ?? "", model.description].join(" ").toLowerCase();
    const named = model.columns.map((column) => ({
      column,
      text: `${column.name} ${column.title ?? ""} ${column.description}`.toLowerCase(),
    }));
    const isFound = words.every((word) => own.includes(word) || named.some((one) => one.text.includes(word)));
    if (!isFound) return [];
    const missing = words.filter((word) => !own.includes(word));
    const columns = named.filter((one) => missing.some((word) => one.text.includes(word))).map(({ column }) => column);
    return [{ model, columns }];
  });
}

export const catalogueHref = (name: string, column?: string): string =>
  `/catalogue/${encodeURIComponent(name)}${column === undefined || column === "*" ? "" : `?column=${encodeURIComponent(column)}`}`;
