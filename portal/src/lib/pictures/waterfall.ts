import * as Plot from "@observablehq/plot";
import { amountTicks, frame, labelMargin, lineHeight, lineLabels, type Picture } from "#lib/pictures/picture.ts";

interface Step {
  label: string;
  from: number;
  to: number;
  value: number;
  text: string;
  kind: "total" | "up" | "down";
}

/** Room for the amount that stands at the end of a bar. */
const rightMargin = 88;

const colors = { total: "var(--mark)", up: "var(--good)", down: "var(--bad)" } as const;

/** One row; its measures are the steps: the first is where it begins, the last where it ends, those between add up from one to the other. Downwards, one bar a line. */
export const waterfall: Picture = {
  shape: { dimensions: [0, 0], measures: [3, 12] },
  draw(input) {
    const values = input.rows[0]?.values ?? [];
    let level = 0;
    const steps = input.measures.map((label, index): Step => {
      const value = values[index] ?? 0;
      const isTotal = index === 0 || index === input.measures.length - 1;
      const from = isTotal ? 0 : level;
      level = from + value;
      const sign = !isTotal && value > 0 ? "+" : "";
      const text = sign + input.short(values[index] ?? null, index);
      return { label, from, to: level, value, text, kind: isTotal ? "total" : value < 0 ? "down" : "up" };
    });
    return {
      height: (width) => 40 + lineHeight(30, width) * steps.length,
      legend: [],
      hasLines: () => true,
      rowOf: () => 0,
      measureOf: (index) => index,
      describe: (index) => `${steps[index]?.label} ${steps[index]?.text}`,
      options: (size) => ({
        ...frame(input, size),
        marginLeft: labelMargin(input.measures, size.width),
        marginRight: rightMargin,
        marginTop: 4,
        x: {
          zero: true,
          label: null,
          ticks: amountTicks(size.width - labelMargin(input.measures, size.width) - rightMargin),
          tickFormat: (value: number) => input.tick(value, 0),
          tickSize: 0,
        },
        y: { type: "band", domain: steps.map(({ label }) => label), label: null, paddingInner: 0.25, paddingOuter: 0.125 },
        marks: [
          lineLabels(labelMargin(input.measures, size.width)),
          Plot.gridX({
            stroke: "var(--line)",
            strokeOpacity: 1,
            ticks: amountTicks(size.width - labelMargin(input.measures, size.width) - rightMargin),
          }),
          Plot.barX(steps, { x1: "from", x2: "to", y: "label", fill: (step: Step) => colors[step.kind], className: "marks", rx: 2 }),
          Plot.text(steps, {
            x: (step: Step) => Math.max(step.from, step.to),
            y: "label",
            text: "text",
            textAnchor: "start",
            dx: 6,
            fill: "var(--ink)",
          }),
          Plot.ruleX([0], { stroke: "var(--line-strong)" }),
        ],
      }),
    };
  },
};
