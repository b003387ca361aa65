import * as Plot from "@observablehq/plot";
import { frame, type Picture } from "#lib/pictures/picture.ts";

/** Which share of all (the dimension, a number from 0 to 1, ascending) makes which share of the sum (the measure, likewise): the further above the diagonal, the more concentrated. */
export const pareto: Picture = {
  shape: { dimensions: [1, 1], measures: [1, 3] },
  draw(input) {
    const points = [
      { x: 0, y: 0, row: 0 },
      ...input.rows.map((row, index) => ({ x: Number(row.labels[0]), y: row.values[0] ?? 0, row: index })),
    ];
    const even = [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ];
    const percent = (value: number): string => `${Math.round(value * 100)}%`;
    return {
      height: 260,
      legend: [],
      rowOf: (index) => points[index]?.row ?? 0,
      options: (size) => ({
        ...frame(input, size),
        marginLeft: 44,
        marginBottom: 44,
        x: { domain: [0, 1], label: input.dimensions[0] ?? null, ticks: 5, tickFormat: percent, tickSize: 0, labelArrow: "none" },
        y: { domain: [0, 1], label: null, ticks: 5, tickFormat: percent, tickSize: 0 },
        marks: [
          Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
          Plot.line(even, { x: "x", y: "y", stroke: "var(--line-strong)", strokeDasharray: "4 4" }),
          Plot.areaY(points, { x: "x", y: "y", fill: "var(--mark)", fillOpacity: 0.15 }),
          Plot.line(points, { x: "x", y: "y", stroke: "var(--mark)", strokeWidth: 2 }),
          Plot.dot(points, { x: "x", y: "y", r: 4, fill: "var(--mark)", className: "marks" }),
        ],
      }),
    };
  },
};
