import * as Plot from "@observablehq/plot";
import type { Size } from "#lib/charts/size.ts";
import type { SqlResult } from "./sql-api.ts";

export interface Point {
  label: string;
  value: number;
}

const numeric = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/;
/** More bars than this are no picture. */
export const mostPoints = 40;

export const isNumeric = (type: string): boolean => numeric.test(type);

/** The columns that a chart can be made of: what names a bar, and what measures it. Null when there is no number, or nothing else. */
export const chartColumns = ({ columns }: Pick<SqlResult, "columns">): { labels: number[]; values: number[] } | null => {
  const indexes = columns.map((_, index) => index);
  const values = indexes.filter((index) => isNumeric(columns[index]!.type));
  return values.length > 0 && columns.length > 1 ? { labels: indexes, values } : null;
};

/** The first rows as points; rows without a number are left out. */
export const pointsOf = (rows: readonly unknown[][], label: number, value: number): Point[] =>
  rows
    .slice(0, mostPoints)
    .filter((row) => row[value] !== null && Number.isFinite(Number(row[value])))
    .map((row) => ({ label: String(row[label] ?? "–"), value: Number(row[value]) }));

export const chartHeight = (points: readonly Point[]): number => points.length * 24 + 40;

const longestLabel = 24;

/** One bar for each row, in the order of the rows: the statement sorts. */
export const resultBars = (points: readonly Point[], ariaLabel: string, { width, height }: Size): Plot.PlotOptions => ({
  width,
  height,
  marginLeft: Math.min(180, width / 3),
  marginRight: 16,
  ariaLabel,
  // Rows may have equal labels: the place tells them apart.
  y: {
    type: "band",
    domain: points.map((_, index) => index),
    label: null,
    tickSize: 0,
    tickFormat: (index: number) => {
      const text = points[index]?.label ?? "";
      return text.length > longestLabel ? `${text.slice(0, longestLabel - 1)}…` : text;
    },
  },
  x: { zero: true, nice: true, label: null, ticks: 4, tickSize: 0 },
  style: { background: "transparent", color: "var(--ink-2)", fontFamily: "inherit", fontSize: "12px" },
  marks: [
    Plot.gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks: 4 }),
    Plot.barX([...points], { y: (_: Point, index: number) => index, x: "value", className: "marks", fill: "var(--mark)", rx: 2 }),
    Plot.ruleX([0], { stroke: "var(--line-strong)" }),
  ],
});
