import * as Plot from "@observablehq/plot";
import type { Markish, PlotOptions } from "@observablehq/plot";
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
  /** Pixels: a number, or what a width needs (lines of a finger's height on a phone). */
  height: number | ((width: number) => number);
  legend: readonly LegendEntry[];
  /** The row that a mark stands for, by the mark's place in its data. */
  rowOf: (index: number) => number;
  /** The measure that a mark stands for, by its place, where marks of one row stand for different ones. */
  measureOf?: (index: number) => number;
  /** What a mark says when the reader stops at it; without it the whole row is told. */
  describe?: (index: number) => string;
  /** Each mark has a line across the picture to itself, which stands for it: wide enough for a finger. */
  hasLines?: (width: number) => boolean;
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
  style: { background: "transparent", color: "var(--ink-2)", fontFamily: "inherit", fontSize: `${fontSize}px` },
});

const fontSize = 12;

/** Pixels a text takes at the size of a picture's letters; a Chinese character takes as much as two others. */
export const textPixels = (text: string): number =>
  // oxlint-disable-next-line no-control-regex -- everything that is not ASCII counts two
  6.6 * [...text].reduce((sum, character) => sum + (/[\u0000-\u007f]/.test(character) ? 1 : 2), 0);

/** Room for labels beside a picture, but never more than a third of it. */
export const labelMargin = (labels: readonly string[], width: number): number =>
  Math.min(Math.max(40, Math.max(0, ...labels.map(textPixels)) + 12), width / 3);

/** Labels of lines in a margin of this width: longer ones are broken into lines at their spaces. */
export const lineLabels = (margin: number): Markish => Plot.axisY({ label: null, tickSize: 0, lineWidth: (margin - 10) / fontSize });

/** As many amounts on a level axis of this width as have room beside each other. */
export const amountTicks = (width: number): number => Math.max(2, Math.min(4, Math.floor(width / 90)));

/** Pixels of one line of a picture: what it usually has, on a phone what a finger needs. */
export const lineHeight = (usual: number, width: number): number => (width < phoneWidth ? Math.max(44, usual) : usual);
const phoneWidth = 500;

/** A first dimension that is a day or a month, as a point in time: "2026-11" and "2026-11-01" are one. */
export const timeOf = (label: string): Date => new Date(`${label.slice(0, 10).padEnd(10, "-01")}T00:00:00Z`);

/** How points in time are written on an axis, the same in every language: months as 2026-11 where all are months. */
export const timeTicks = (times: readonly Date[]): ((time: Date) => string) => {
  const length = times.every((time) => time.getUTCDate() === 1) ? 7 : 10;
  return (time) => time.toISOString().slice(0, length);
};
