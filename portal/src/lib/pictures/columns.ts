import * as Plot from "@observablehq/plot";
import { frame, type Picture } from "#lib/pictures/picture.ts";

/** Standing bars in the order of the rows, from a zero baseline: ageing buckets, score bands. The first measure is the height. */
export const columns: Picture = {
  shape: { dimensions: [1, 1], measures: [1, 3] },
  draw(input) {
    const bars = input.rows.map((row) => ({
      label: row.labels[0] ?? "",
      value: row.values[0] ?? 0,
      text: input.short(row.values[0] ?? null, 0),
    }));
    return {
      height: 240,
      legend: [],
      rowOf: (index) => index,
      options: (size) => ({
        ...frame(input, size),
        marginLeft: 56,
        marginTop: 20,
        marginBottom: 28,
        x: { type: "band", domain: bars.map(({ label }) => label), label: null, padding: 0.28, tickSize: 0 },
        y: { zero: true, nice: true, label: null, ticks: 4, tickSize: 0, tickFormat: (value: number) => input.tick(value, 0) },
        marks: [
          Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 4 }),
          Plot.barY(bars, { x: "label", y: "value", fill: "var(--mark)", className: "marks", rx: 2 }),
          Plot.text(bars, { x: "label", y: "value", text: "text", dy: -8, fill: "var(--ink)" }),
          Plot.ruleY([0], { stroke: "var(--line-strong)" }),
        ],
      }),
    };
  },
};
