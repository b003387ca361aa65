import * as Plot from "@observablehq/plot";
import type { Size } from "#lib/charts/size.ts";
import {
  amountTicks,
  frame,
  labelMargin,
  lineHeight,
  lineLabels,
  textPixels,
  type Picture,
  type PictureInput,
} from "#lib/pictures/picture.ts";

interface Bar {
  label: string;
  value: number;
  text: string;
}

const left = 56;
const plainHeight = 240;
/** Share of a bar's place that its label may take before it runs into the next. */
const labelShare = 0.95;
const usualLine = 28;
/** Room for the amount that stands at the end of a lying bar. */
const rightMargin = 88;

/** Labels that stand beside each other need this much; with less room the bars lie down, a line each. */
function lies(bars: readonly Bar[], width: number): boolean {
  const place = (width - left) / Math.max(1, bars.length);
  return bars.some(({ label, text }) => Math.max(textPixels(label), textPixels(text)) > place * labelShare);
}

const standing = (bars: readonly Bar[], input: PictureInput): Plot.PlotOptions => ({
  marginLeft: left,
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
});

function lying(bars: readonly Bar[], input: PictureInput, { width }: Size): Plot.PlotOptions {
  const margin = labelMargin(
    bars.map(({ label }) => label),
    width,
  );
  const ticks = amountTicks(width - margin - rightMargin);
  return {
    marginLeft: margin,
    marginRight: rightMargin,
    marginTop: 4,
    x: { zero: true, label: null, ticks, tickFormat: (value: number) => input.tick(value, 0), tickSize: 0 },
    y: { type: "band", domain: bars.map(({ label }) => label), label: null, paddingInner: 0.3, paddingOuter: 0.15 },
    marks: [
      lineLabels(margin),
      Plot.gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks }),
      Plot.barX(bars, { x: "value", y: "label", fill: "var(--mark)", className: "marks", rx: 2 }),
      Plot.text(bars, {
        x: (bar: Bar) => Math.max(0, bar.value),
        y: "label",
        text: "text",
        textAnchor: "start",
        dx: 6,
        fill: "var(--ink)",
      }),
      Plot.ruleX([0], { stroke: "var(--line-strong)" }),
    ],
  };
}

/** Bars in the order of the rows, from a zero baseline: ageing buckets, score bands. The first measure is the length. They stand where their labels have room, else they lie. */
export const columns: Picture = {
  shape: { dimensions: [1, 1], measures: [1, 3] },
  draw(input) {
    const bars = input.rows.map((row): Bar => ({
      label: row.labels[0] ?? "",
      value: row.values[0] ?? 0,
      text: input.short(row.values[0] ?? null, 0),
    }));
    return {
      height: (width) => (lies(bars, width) ? 34 + lineHeight(usualLine, width) * bars.length : plainHeight),
      hasLines: (width) => lies(bars, width),
      legend: [],
      rowOf: (index) => index,
      options: (size) => ({ ...frame(input, size), ...(lies(bars, size.width) ? lying(bars, input, size) : standing(bars, input)) }),
    };
  },
};
