import * as Plot from "@observablehq/plot";
import { amountTicks, frame, labelMargin, lineHeight, lineLabels, type Picture } from "#lib/pictures/picture.ts";

/** Room for the amount that stands at the end of a bar. */
const rightMargin = 88;

/** One line per row: the first measure as a bar, the others (goal, stretch, challenge) as marks across it, the first of them the heaviest. */
export const bullets: Picture = {
  shape: { dimensions: [1, 1], measures: [2, 4] },
  draw(input) {
    // Two people of one name are two lines: an invisible mark tells their places apart.
    const seen = new Map<string, number>();
    const labels = input.rows.map(({ labels: [label = ""] }) => {
      const times = seen.get(label) ?? 0;
      seen.set(label, times + 1);
      return label + "\u200b".repeat(times);
    });
    const bars = input.rows.map((row, index) => ({
      label: labels[index] ?? "",
      value: row.values[0] ?? 0,
      text: input.short(row.values[0] ?? null, 0),
    }));
    const targets = input.measures.slice(1).flatMap((_, level) =>
      input.rows.flatMap((row, index) => {
        const value = row.values[level + 1] ?? null;
        return value === null ? [] : [{ label: labels[index] ?? "", value, level }];
      }),
    );
    type Target = (typeof targets)[number];
    const margin = (width: number): number =>
      labelMargin(
        input.rows.map(({ labels: [label = ""] }) => label),
        width,
      );
    const strokes = ["var(--target)", "var(--warn)", "var(--bad)"];
    return {
      height: (width) => 34 + lineHeight(34, width) * bars.length,
      legend: [
        { label: input.measures[0] ?? "", color: "var(--mark)", shape: "box" },
        ...input.measures.slice(1).map((label, level) => ({ label, color: strokes[level] ?? "var(--ink)", shape: "line" as const })),
      ],
      hasLines: () => true,
      rowOf: (index) => index,
      options: (size) => ({
        ...frame(input, size),
        marginLeft: margin(size.width),
        marginRight: rightMargin,
        marginTop: 4,
        x: {
          zero: true,
          label: null,
          ticks: amountTicks(size.width - margin(size.width) - rightMargin),
          tickFormat: (value: number) => input.tick(value, 0),
          tickSize: 0,
        },
        y: { type: "band", domain: bars.map(({ label }) => label), label: null, paddingInner: 0.4, paddingOuter: 0.2 },
        marks: [
          lineLabels(margin(size.width)),
          Plot.gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks: amountTicks(size.width - margin(size.width) - rightMargin) }),
          Plot.barX(bars, { x: "value", y: "label", fill: "var(--mark)", className: "marks", rx: 2 }),
          Plot.tickX(targets, {
            x: "value",
            y: "label",
            stroke: (target: Target) => strokes[target.level] ?? "var(--ink)",
            strokeWidth: (target: Target) => (target.level === 0 ? 3 : 1.5),
            insetTop: -4,
            insetBottom: -4,
          }),
          Plot.text(bars, {
            x: "value",
            y: "label",
            text: "text",
            textAnchor: "start",
            dx: 8,
            fill: "var(--ink)",
            stroke: "var(--surface)",
            strokeWidth: 4,
          }),
          Plot.ruleX([0], { stroke: "var(--line-strong)" }),
        ],
      }),
    };
  },
};
