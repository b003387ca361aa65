import * as Plot from "@observablehq/plot";
import { frame, labelMargin, type Picture } from "#lib/pictures/picture.ts";

/** Tiers from the top down, in the order of the rows, each as wide as its first measure; the others are written beside it. */
export const pyramid: Picture = {
  shape: { dimensions: [1, 1], measures: [1, 4] },
  draw(input) {
    const tiers = input.rows.map((row) => {
      const value = row.values[0] ?? 0;
      const text = row.values.map((one, measure) => input.short(one, measure)).join(" · ");
      return { label: row.labels[0] ?? "", value, left: -value / 2, right: value / 2, text };
    });
    return {
      height: 20 + 48 * tiers.length,
      legend: [],
      hasLines: () => true,
      rowOf: (index) => index,
      options: (size) => ({
        ...frame(input, size),
        marginLeft: labelMargin(
          tiers.map(({ label }) => label),
          size.width,
        ),
        marginRight: 16,
        marginTop: 4,
        marginBottom: 4,
        x: { axis: null },
        y: { type: "band", domain: tiers.map(({ label }) => label), label: null, tickSize: 0, padding: 0.1 },
        marks: [
          Plot.barX(tiers, { x1: "left", x2: "right", y: "label", fill: "var(--mark-soft)", className: "marks", rx: 3 }),
          Plot.text(tiers, { x: 0, y: "label", text: "text", fill: "var(--ink)" }),
        ],
      }),
    };
  },
};
