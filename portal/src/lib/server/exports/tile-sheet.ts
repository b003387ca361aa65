import { m } from "#lib/paraglide/messages.js";
import { rangeTitle } from "#lib/period-title.ts";
import type { Format } from "#lib/format.ts";
import type { DateRange } from "#lib/period.ts";
import type { Definition, MetricData, TileContent } from "#lib/tile-data.ts";

/** A tile's content as a table: what its figure or picture is made of. */
export interface TileSheet {
  columns: { title: string; format: Format }[];
  rows: (string | null)[][];
  definitions: Definition[];
  /** Rows were left out because there are more than the tile asks for. */
  truncated: boolean;
}

const text = (title: string): { title: string; format: Format } => ({ title, format: "text" });

function metricSheet(data: MetricData): TileSheet {
  const { definition, target } = data;
  const { title, format } = definition;
  const compared = [
    { name: m.compare_year(), comparison: data.yearOnYear },
    { name: m.compare_previous(), comparison: data.previous },
  ].flatMap(({ name, comparison }) => (comparison ? [{ name, comparison }] : []));
  return {
    columns: [
      { title, format },
      ...compared.flatMap(({ name, comparison: { range } }) => [
        { title: `${title} ${rangeTitle(range)}`, format },
        { title: name, format: "percent" as const },
      ]),
      ...(target
        ? [
            { title: m.target(), format },
            { title: m.attainment(), format: "percent" as const },
          ]
        : []),
    ],
    rows: [
      [
        data.value,
        ...compared.flatMap(({ comparison: { base, change } }) => [base, change]),
        ...(target ? [target.target, target.attainment] : []),
      ],
    ],
    definitions: [definition],
    truncated: false,
  };
}

/** The table behind what a tile shows. Throws nothing: every kind of tile has one. */
export function tileSheet(content: TileContent): TileSheet {
  switch (content.kind) {
    case "metric":
      return metricSheet(content);
    case "funnel": {
      const format = (name: string, otherwise: Format): { title: string; format: Format } => {
        const definition = content.definitions.find((one) => one.name === `funnel.${name}`);
        return { title: definition?.title ?? name, format: definition?.format ?? otherwise };
      };
      return {
        columns: [
          text(m.funnel_stage()),
          format("entered_count", "count"),
          format("entered_amount", "money"),
          format("conversion_rate", "percent"),
          format("median_days", "days"),
          format("stuck_count", "count"),
        ],
        rows: content.stages.map(({ label, count, amount, conversion, medianDays, stuck }) => [
          label,
          count,
          amount,
          conversion,
          medianDays,
          stuck,
        ]),
        definitions: content.definitions,
        truncated: false,
      };
    }
    case "series": {
      const { title, format } = content.definition;
      return {
        columns: [text(m.month()), { title, format }, { title: m.target(), format }],
        rows: content.points.map(({ month, value, target }) => [month.slice(0, 7), value, target]),
        definitions: [content.definition],
        truncated: false,
      };
    }
    case "leaderboard": {
      const figures = content.definitions.map(({ title, format }) => ({ title, format }));
      return {
        columns: [{ title: m.rank(), format: "count" }, text(m.person()), text(m.department()), ...figures],
        rows: content.people.map(({ rank, name, department, amount, target, attainment, paceGap }) => [
          String(rank),
          name,
          department,
          amount,
          target,
          attainment,
          paceGap,
        ]),
        definitions: content.definitions,
        truncated: false,
      };
    }
    case "bars": {
      const { title, format } = content.definition;
      return {
        columns: [text(content.dimension), { title, format }],
        rows: content.bars.map(({ key, value }) => [key ?? m.unset(), value]),
        definitions: [content.definition],
        truncated: content.truncated,
      };
    }
    case "table":
    case "picture":
      return { columns: content.columns, rows: content.rows, definitions: content.definitions, truncated: content.truncated };
  }
}

/** The days a tile's content covers; `otherwise` where it does not say. */
export const coveredBy = (content: TileContent, otherwise: DateRange | null): DateRange | null =>
  content.kind === "series" || content.kind === "leaderboard" || content.kind === "picture" ? content.range : otherwise;
