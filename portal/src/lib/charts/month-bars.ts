import * as Plot from "@observablehq/plot";
import type { Size } from "#lib/charts/size.ts";

export interface MonthBar {
  /** Names the bar; the axis shows `short` where there is no room for it. */
  label: string;
  short: string;
  value: number;
  /** Null where no target is set. */
  target: number | null;
  isPartial: boolean;
}

export interface MonthBarsTexts {
  /** Name of the chart for a screen reader. */
  ariaLabel: string;
  /** A value on the axis. */
  tick: (value: number) => string;
}

/** Below this many pixels for each bar, names of months run into each other. */
const labelWidth = 44;

/** Bars by month from a zero baseline, the month that is not over hatched, and the target of each month as a short line across its bar. */
export function monthBars(bars: readonly MonthBar[], texts: MonthBarsTexts, { width, height }: Size): Plot.PlotOptions {
  const data = [...bars];
  const short = new Map(data.map((bar) => [bar.label, bar.short]));
  const isNarrow = width / Math.max(1, data.length) < labelWidth;
  const tickFormat = (label: string): string => (isNarrow ? (short.get(label) ?? label) : label);
  const withTarget = data.filter(({ target }) => target !== null);
  return {
    width,
    height,
    marginLeft: 56,
    marginRight: 8,
    marginTop: 12,
    marginBottom: 28,
    ariaLabel: texts.ariaLabel,
    x: { type: "band", domain: data.map(({ label }) => label), label: null, padding: 0.28, tickSize: 0, tickFormat },
    y: { zero: true, nice: true, label: null, ticks: 4, tickFormat: texts.tick, tickSize: 0 },
    style: { background: "transparent", color: "var(--ink-2)", fontFamily: "inherit", fontSize: "12px" },
    marks: [
      Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 4 }),
      Plot.barY(data, {
        x: "label",
        y: "value",
        className: "marks",
        fill: (bar: MonthBar) => (bar.isPartial ? "url(#unfinished)" : "var(--mark)"),
        rx: 2,
      }),
      Plot.tickY(withTarget, { x: "label", y: "target", stroke: "var(--target)", strokeWidth: 2.5 }),
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
    ],
  };
}
