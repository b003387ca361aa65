import type { FunnelTile } from "#lib/dashboards/definition.ts";
import { textOf, type Row } from "#lib/semantic.ts";
import type { FunnelData, FunnelStage } from "#lib/tile-data.ts";
import { within, type TileContext } from "#lib/server/tiles/context.ts";

const measures = ["entered_count", "entered_amount", "conversion_rate", "median_days", "stuck_count"].map((name) => `funnel.${name}`);
const dimensions = ["stage", "stage_order", "pipeline", "outcome", "stage_label_zh", "stage_label_en"].map((name) => `funnel.${name}`);

function stageOf(row: Row, locale: string): FunnelStage {
  const stage = textOf(row, "funnel.stage") ?? "";
  return {
    stage,
    label: textOf(row, locale === "en" ? "funnel.stage_label_en" : "funnel.stage_label_zh") ?? stage,
    count: textOf(row, "funnel.entered_count"),
    amount: textOf(row, "funnel.entered_amount"),
    conversion: textOf(row, "funnel.conversion_rate"),
    medianDays: textOf(row, "funnel.median_days"),
    stuck: textOf(row, "funnel.stuck_count"),
  };
}

/** The stages of one pipeline: the one the URL names, else the one most deals went into. What was lost left the funnel, and is no stage of it. */
export async function answerFunnel(_tile: FunnelTile, context: TileContext): Promise<FunnelData> {
  const granted = (members: readonly string[]): string[] => members.filter((member) => context.catalogue.has(member));
  const { rows } = await context.load({
    measures: granted(measures),
    dimensions: granted(dimensions),
    timeDimensions: within("funnel.entered_at", context.scope.period.elapsed),
    filters: context.filters("funnel"),
    order: [["funnel.stage_order", "asc"]],
  });
  const entered = new Map<string, number>();
  for (const row of rows) {
    const name = textOf(row, "funnel.pipeline") ?? "";
    entered.set(name, Math.max(entered.get(name) ?? 0, Number(textOf(row, "funnel.entered_count") ?? 0)));
  }
  const pipelines = [...entered].sort(([, left], [, right]) => right - left).map(([name]) => name);
  const pipeline = pipelines.find((name) => name === context.scope.pipeline) ?? pipelines[0] ?? null;
  const stages = rows.filter((row) => textOf(row, "funnel.pipeline") === pipeline && textOf(row, "funnel.outcome") !== "lost");
  return {
    kind: "funnel",
    definitions: granted(measures).map((measure) => context.definition(measure, "funnel.entered_at")),
    pipeline,
    pipelines: pipelines.sort(),
    drillable: context.catalogue.has("funnel.id"),
    stages: stages.map((row) => stageOf(row, context.scope.locale)),
  };
}
