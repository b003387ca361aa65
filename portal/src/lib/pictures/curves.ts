import * as Plot from "@observablehq/plot";
import { frame, timeOf, timeTicks, type Picture } from "#lib/pictures/picture.ts";

/** Colour-blind safe (after Okabe and Ito); the eighth and all that follow are grey. */
const palette = ["var(--mark)", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a6ff0"];
const rest = "var(--mark-rest)";
/** More dots than this run into each other: then the line says it all. */
const mostDots = 40;

/**
 * Lines over a number or a day (the first dimension), one per value of the second dimension if there is one. The first measure is the height;
 * a second and third, where given, are the lower and upper edge of its band. Retention, survival, trends.
 */
export const curves: Picture = {
  shape: { dimensions: [1, 2], measures: [1, 3] },
  draw(input) {
    const isDay = input.rows.every(({ labels }) => /^\d{4}-\d\d(-\d\d)?/.test(labels[0] ?? ""));
    const points = input.rows
      .map((row, index) => ({
        x: isDay ? timeOf(row.labels[0] ?? "") : Number(row.labels[0]),
        series: row.labels[1] ?? "",
        y: row.values[0] ?? null,
        lower: row.values[1] ?? null,
        upper: row.values[2] ?? null,
        row: index,
      }))
      .filter(({ y }) => y !== null);
    const names = [...new Set(points.map(({ series }) => series))];
    const color = (series: string): string => palette[names.indexOf(series)] ?? rest;
    const hasBand = input.measures.length === 3;
    type Point = (typeof points)[number];
    return {
      height: 260,
      legend: names.length > 1 ? names.map((label) => ({ label, color: color(label), shape: "line" as const })) : [],
      rowOf: (index) => points[index]?.row ?? 0,
      options: (size) => ({
        ...frame(input, size),
        marginLeft: 56,
        marginRight: 28,
        marginBottom: isDay ? 30 : 44,
        x: {
          ...(isDay ? { type: "utc" as const, tickFormat: timeTicks(points.map(({ x }) => new Date(x))) } : {}),
          label: isDay ? null : (input.dimensions[0] ?? null),
          labelArrow: "none",
          ticks: Math.max(2, Math.floor(size.width / 110)),
          tickSize: 0,
        },
        y: { zero: true, nice: true, label: null, ticks: 4, tickSize: 0, tickFormat: (value: number) => input.tick(value, 0) },
        marks: [
          Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 4 }),
          ...(hasBand
            ? [
                Plot.areaY(points, {
                  x: "x",
                  y1: "lower",
                  y2: "upper",
                  z: "series",
                  fill: (point: Point) => color(point.series),
                  fillOpacity: 0.15,
                }),
              ]
            : []),
          Plot.line(points, { x: "x", y: "y", z: "series", stroke: (point: Point) => color(point.series), strokeWidth: 2 }),
          ...(points.length <= mostDots * names.length
            ? [Plot.dot(points, { x: "x", y: "y", r: 3, fill: (point: Point) => color(point.series), className: "marks" })]
            : []),
          Plot.ruleY([0], { stroke: "var(--line-strong)" }),
        ],
      }),
    };
  },
};
