import * as Plot from "@observablehq/plot";
import { describe, expect, it } from "vitest";
import type { Size } from "#lib/charts/size.ts";
import { createSvgDocument } from "#lib/charts/svg-document.ts";
import { provinceOf } from "#lib/pictures/china-grid.ts";
import { pictures, type PictureName } from "#lib/pictures/index.ts";
import type { Drawing, Picture, PictureInput, PictureRow } from "#lib/pictures/picture.ts";

const row = (labels: string[], ...values: (number | null)[]): PictureRow => ({ labels, values });

const examples: Record<PictureName, Pick<PictureInput, "rows" | "dimensions" | "measures">> = {
  bullets: { dimensions: ["person"], measures: ["actual", "goal", "stretch"], rows: [row(["A"], 5, 4, null), row(["A"], 3, 4, 6)] },
  columns: { dimensions: ["bucket"], measures: ["amount"], rows: [row(["0-30"], 10), row(["31-60"], 0), row(["61-90"], null)] },
  curves: {
    dimensions: ["months", "segment"],
    measures: ["share", "lower", "upper"],
    rows: [row(["0", "x"], 1, 0.9, 1), row(["1", "x"], 0.5, 0.4, 0.6), row(["0", "y"], 1, 1, 1), row(["1", "y"], 0.2, 0.1, 0.3)],
  },
  "flow-funnel": {
    dimensions: ["stage"],
    measures: ["stayed", "forward", "back", "lost"],
    rows: [row(["talk"], 10, 20, 0, 5), row(["sample"], 4, 10, 2, 4)],
  },
  forecast: {
    dimensions: ["month"],
    measures: ["actual", "expected", "lower", "upper"],
    rows: [row(["2026-10-01"], 5, null, null, null), row(["2026-11-01"], null, 6, 4, 8)],
  },
  "heat-map": {
    dimensions: ["cohort", "months since"],
    measures: ["share"],
    rows: [row(["2026-01", "0"], 1), row(["2026-01", "10"], 0.3), row(["2026-01", "2"], 0.4), row(["2026-02", "0"], null)],
  },
  pareto: { dimensions: ["share of customers"], measures: ["share of amount"], rows: [row(["0.2"], 0.8), row(["1"], 1)] },
  "province-map": { dimensions: ["region"], measures: ["amount"], rows: [row(["浙江省"], 7), row(["Elsewhere"], 3)] },
  pyramid: { dimensions: ["tier"], measures: ["customers", "amount"], rows: [row(["top"], 1, 90), row(["rest"], 99, 10)] },
  sankey: { dimensions: ["from", "to"], measures: ["customers"], rows: [row(["a", "a"], 5), row(["a", "b"], 2), row(["b", "a"], 1)] },
  waterfall: { dimensions: [], measures: ["opening", "new", "lost", "closing"], rows: [row([], 100, 50, -30, 120)] },
};

const sizeAt = ({ height }: Drawing, width: number): Size => ({ width, height: typeof height === "number" ? height : height(width) });

const drawn = (name: PictureName): { drawing: Drawing; svg: string } => {
  const drawing = (pictures[name] as Picture).draw({
    ...examples[name],
    summary: name,
    short: (value) => (value === null ? "–" : `<${value}>`),
    tick: String,
  });
  const options = { ...drawing.options(sizeAt(drawing, 700)), document: createSvgDocument() };
  return { drawing, svg: (Plot.plot(options) as SVGSVGElement).outerHTML };
};

/** The shapes inside the group of marks: their attributes. */
function marks(svg: string): string[] {
  const group = /<g[^>]* class="marks"[^>]*>(.*?)<\/g>/.exec(svg)?.[1] ?? "";
  return group.match(/<(rect|path|circle|line)[^>]*>/g) ?? [];
}
const numberOf = (mark: string | undefined, attribute: string): number =>
  Number(new RegExp(` ${attribute}="([^"]*)"`).exec(mark ?? "")?.[1]);

describe("pictures", () => {
  it.each(Object.keys(pictures) as PictureName[])("%s is drawn, within what it takes, and tells of its marks", (name) => {
    const { dimensions, measures } = (pictures[name] as Picture).shape;
    expect(examples[name].dimensions.length).toBeGreaterThanOrEqual(dimensions[0]);
    expect(examples[name].dimensions.length).toBeLessThanOrEqual(dimensions[1]);
    expect(examples[name].measures.length).toBeGreaterThanOrEqual(measures[0]);
    expect(examples[name].measures.length).toBeLessThanOrEqual(measures[1]);
    const { drawing, svg } = drawn(name);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(marks(svg).length).toBeGreaterThan(0);
    expect(examples[name].rows[drawing.rowOf(0)]).toBeDefined();
  });

  it.each(Object.keys(pictures) as PictureName[])("%s of nothing is no fault", (name) => {
    const drawing = (pictures[name] as Picture).draw({ ...examples[name], rows: [], summary: "", short: String, tick: String });
    const options = { ...drawing.options(sizeAt(drawing, 320)), document: createSvgDocument() };
    expect((Plot.plot(options) as SVGSVGElement).outerHTML).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("geometry", () => {
  it("a waterfall ends where its steps lead", () => {
    const bars = marks(drawn("waterfall").svg);
    const end = (bar: string | undefined): number => numberOf(bar, "x") + numberOf(bar, "width");
    expect(end(bars[1])).toBeGreaterThan(end(bars[0]));
    // 100 + 50 - 30: the fall begins at the end of the rise and ends at the closing.
    expect(end(bars[2])).toBeCloseTo(end(bars[1]), 5);
    expect(numberOf(bars[2], "x")).toBeCloseTo(end(bars[3]), 5);
  });

  it("a tier's width is its first measure", () => {
    const [top, rest] = marks(drawn("pyramid").svg);
    expect(numberOf(rest, "width") / numberOf(top, "width")).toBeCloseTo(99, 5);
  });

  it("the parts of a stage are as wide as what flowed, side by side", () => {
    const [stayed, forward, , lost] = marks(drawn("flow-funnel").svg);
    expect(numberOf(forward, "width") / numberOf(stayed, "width")).toBeCloseTo(2, 5);
    expect(numberOf(lost, "x")).toBeCloseTo(numberOf(forward, "x") + numberOf(forward, "width"), 5);
  });

  it("columns of months since stand in the order of numbers, not of texts", () => {
    const at = marks(drawn("heat-map").svg).map((cell) => numberOf(cell, "x"));
    const [zero = 0, ten = 0, two = 0] = at;
    expect(two).toBeGreaterThan(zero);
    expect(ten).toBeGreaterThan(two);
  });

  it("months on an axis are written alike in every language", () => {
    expect(drawn("forecast").svg).toMatch(/>2026-1[01]</);
    expect(drawn("forecast").svg).not.toMatch(/>(Oct|Nov|January)</);
  });

  it("columns stand where their labels have room, and lie with a finger's height each where they have not", () => {
    const drawing = pictures.columns.draw({
      dimensions: ["reason"],
      measures: ["count"],
      rows: ["Days since the last order", "Complaints", "Years as a customer"].map((label, index) => row([label], 9 - index)),
      summary: "",
      short: String,
      tick: String,
    });
    const barsAt = (width: number): string[] =>
      marks((Plot.plot({ ...drawing.options(sizeAt(drawing, width)), document: createSvgDocument() }) as SVGSVGElement).outerHTML);
    const [wide] = barsAt(900);
    const [first, second] = barsAt(390);
    expect([drawing.hasLines?.(900), drawing.hasLines?.(390)]).toEqual([false, true]);
    expect(numberOf(wide, "height")).toBeGreaterThan(numberOf(wide, "width"));
    expect(numberOf(first, "width")).toBeGreaterThan(numberOf(first, "height"));
    expect(numberOf(second, "y") - numberOf(first, "y")).toBeGreaterThanOrEqual(43);
  });

  it("two people of one name have two lines", () => {
    const [first, second] = marks(drawn("bullets").svg);
    expect(numberOf(first, "y")).not.toBe(numberOf(second, "y"));
  });

  it("a map knows a province by its full and its short name, and leaves other places to the table", () => {
    expect([provinceOf("浙江省"), provinceOf("浙江"), provinceOf("广西壮族自治区"), provinceOf("Bavaria")]).toEqual([
      "浙江",
      "浙江",
      "广西",
      null,
    ]);
    expect(marks(drawn("province-map").svg).length).toBe(1);
  });
});
