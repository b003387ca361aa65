import * as Plot from "@observablehq/plot";
import { frame, timeOf, timeTicks, type Picture } from "#lib/pictures/picture.ts";

/** What was, and what is expected with its interval, over days or months: measures are actual, expected, lower edge, upper edge. A target may be a fifth. */
export const forecast: Picture = {
  shape: { dimensions: [1, 1], measures: [4, 5] },
  draw(input) {
    const points = input.rows.map((row, index) => ({
      x: timeOf(row.labels[0] ?? ""),
      actual: row.values[0] ?? null,
      expected: row.values[1] ?? null,
      lower: row.values[2] ?? null,
      upper: row.values[3] ?? null,
      target: row.values[4] ?? null,
      row: index,
    }));
    const [actual = "", expected = "", , , target] = input.measures;
    const shown = points.filter((point) => point.actual !== null || point.expected !== null);
    return {
      height: 280,
      legend: [
        { label: actual, color: "var(--mark)", shape: "line" },
        { label: expected, color: "var(--mark)", shape: "dashed" },
        ...(target === undefined ? [] : [{ label: target, color: "var(--target)", shape: "line" as const }]),
      ],
      rowOf: (index) => shown[index]?.row ?? 0,
      options: (size) => ({
        ...frame(input, size),
        marginLeft: 56,
        marginRight: 28,
        x: {
          type: "utc",
          label: null,
          tickFormat: timeTicks(points.map(({ x }) => x)),
          ticks: Math.max(2, Math.floor(size.width / 110)),
          tickSize: 0,
        },
        y: { zero: true, nice: true, label: null, ticks: 4, tickSize: 0, tickFormat: (value: number) => input.tick(value, 0) },
        marks: [
          Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 4 }),
          Plot.areaY(points, { x: "x", y1: "lower", y2: "upper", fill: "var(--mark)", fillOpacity: 0.15 }),
          Plot.line(points, { x: "x", y: "actual", stroke: "var(--mark)", strokeWidth: 2 }),
          Plot.line(points, { x: "x", y: "expected", stroke: "var(--mark)", strokeWidth: 2, strokeDasharray: "5 4" }),
          ...(target === undefined ? [] : [Plot.line(points, { x: "x", y: "target", stroke: "var(--target)", strokeWidth: 2 })]),
          Plot.dot(shown, {
            x: "x",
            y: (point: (typeof points)[number]) => point.actual ?? point.expected,
            r: 3,
            fill: "var(--mark)",
            className: "marks",
          }),
          Plot.ruleY([0], { stroke: "var(--line-strong)" }),
        ],
      }),
    };
  },
};
