import * as Plot from "@observablehq/plot";
import { frame, labelMargin, type Picture } from "#lib/pictures/picture.ts";

/** What became of what was in a stage: it stays, goes on, goes back, goes out. */
const colors = ["var(--mark-soft)", "var(--mark)", "var(--warn)", "var(--bad)"] as const;

/**
 * Per stage, in the order of the rows: everything that was in it or flowed in, divided into what stayed, went on, went back and was lost (the four
 * measures, in this order, all positive), centred like a funnel so that narrowing and leaking show at once.
 */
export const flowFunnel: Picture = {
  shape: { dimensions: [1, 1], measures: [4, 4] },
  draw(input) {
    const parts = input.rows.flatMap((row, index) => {
      const values = row.values.map((value) => Math.max(0, value ?? 0));
      let at = -values.reduce((sum, value) => sum + value, 0) / 2;
      return values.map((value, measure) => {
        const from = at;
        at += value;
        return { stage: row.labels[0] ?? "", from, to: at, measure, row: index, text: input.short(row.values[measure] ?? null, measure) };
      });
    });
    type Part = (typeof parts)[number];
    const widest = Math.max(1, ...parts.map(({ to }) => to)) * 2;
    return {
      height: 20 + 56 * input.rows.length,
      legend: input.measures.map((label, measure) => ({ label, color: colors[measure] ?? "var(--mark-rest)", shape: "box" })),
      rowOf: (index) => parts[index]?.row ?? 0,
      measureOf: (index) => parts[index]?.measure ?? 0,
      describe: (index) => `${parts[index]?.stage} · ${input.measures[parts[index]?.measure ?? 0]} ${parts[index]?.text}`,
      options: (size) => ({
        ...frame(input, size),
        marginLeft: labelMargin(
          input.rows.map(({ labels }) => labels[0] ?? ""),
          size.width,
        ),
        marginRight: 8,
        marginTop: 4,
        marginBottom: 4,
        x: { axis: null },
        y: { type: "band", domain: input.rows.map(({ labels }) => labels[0] ?? ""), label: null, tickSize: 0, padding: 0.18 },
        marks: [
          Plot.barX(parts, {
            x1: "from",
            x2: "to",
            y: "stage",
            fill: (part: Part) => colors[part.measure] ?? "var(--mark-rest)",
            className: "marks",
          }),
          // Only where there is room: the table beside the picture has every figure.
          Plot.text(
            parts.filter((part) => ((part.to - part.from) / widest) * size.width > 52),
            {
              x: (part: Part) => (part.from + part.to) / 2,
              y: "stage",
              text: "text",
              fill: (part: Part) => (part.measure === 0 ? "var(--ink)" : "var(--surface)"),
              fontSize: 11,
            },
          ),
        ],
      }),
    };
  },
};
