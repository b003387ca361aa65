import type { PlotOptions } from "@observablehq/plot";
import type { Size } from "#lib/charts/size.ts";

/** One row of a tile's answer, as a picture uses it: labels in the order of the tile's dimensions, values in that of its measures. */
export interface PictureRow {
  labels: readonly string[];
  values: readonly (number | null)[];
}

export interface PictureInput {
  rows: readonly PictureRow[];
  dimensions: readonly string[];
  measures: readonly string[];
  /** Name of the chart for a screen reader. */
  summary: string;
  /** A value of the measure at this place, written for a narrow place. */
  short: (value: number | null, measure: number) => string;
  /** The same for an axis, where "0.00" and "2,000.00万" would only take room. */
  tick: (value: number, measure: number) => string;
}

/** What a colour or line of the picture means. */
export interface LegendEntry {
  label: string;
  /** A token of app.css: `var(--mark)`. */
  color: string;
  shape: "box" | "line" | "dashed";
}

/** A picture of certain rows, ready to be drawn at any size. Marks that stand for rows carry the class `marks`. */
export interface Drawing {
  options: (size: Size) => PlotOptions;
  height: number;
  legend: readonly LegendEntry[];
  /** The row that a mark stands for, by the mark's place in its data. */
  rowOf: (index: number) => number;
  /** What a mark says when the reader stops at it; without it the whole row is told. */
  describe?: (index: number) => string;
  /** Marks are as wide as the picture: wide enough for a finger. */
  isTappable?: true;
}

/** How many dimensions and measures a picture takes, so that a tile that gives others is refused before anybody sees it. */
export interface Shape {
  dimensions: readonly [least: number, most: number];
  measures: readonly [least: number, most: number];
}

/** Pure: the same rows, the same picture. */
export interface Picture {
  shape: Shape;
  draw: (input: PictureInput) => Drawing;
}

/** What all pictures share: transparent ground, quiet axes, the page's own letters. */
export const frame = (input: Pick<PictureInput, "summary">, { width, height }: Size): PlotOptions => ({
  width,
  height,
  ariaLabel: input.summary,
  style: { background: "transparent", color: "var(--ink-2)", fontFamily: "inherit", fontSize: "12px" },
});

/** Room for a label of up to 14 characters of which some are Chinese, but never more than a third of the picture. */
export const labelMargin = (labels: readonly string[], width: number): number => {
  // oxlint-disable-next-line no-control-regex -- everything that is not ASCII counts two
  const lengths = labels.map((label) => [...label].reduce((sum, character) => sum + (/[\u0000-\u007f]/.test(character) ? 1 : 2), 0));
  return Math.min(Math.max(40, 6.6 * Math.max(0, ...lengths) + 12), width / 3);
};

/** A first dimension that is a day or a month, as a point in time: "2026-11" and "2026-11-01" are one. */
export const timeOf = (label: string): Date => new Date(`${label.slice(0, 10).padEnd(10, "-01")}T00:00:00Z`);

/** How points in time are written on an axis, the same in every language: months as 2026-11 where all are months. */
export const timeTicks = (times: readonly Date[]): ((time: Date) => string) => {
  const length = times.every((time) => time.getUTCDate() === 1) ? 7 : 10;
  return (time) => time.toISOString().slice(0, length);
};
