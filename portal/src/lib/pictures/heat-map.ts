import * as Plot from "@observablehq/plot";
import { frame, labelMargin, lineLabels, textPixels, type Picture } from "#lib/pictures/picture.ts";

const cellHeight = 26;
/** Below this many pixels a cell has no room for its value. */
const textWidth = 38;
const levelTop = 24;

/** Names of columns: level where each has room over its column, else slanted, with the room above and to the right that they then take. */
function columnNames(labels: readonly string[], width: number): { top: number; right: number; rotate: number } {
  const longest = Math.max(0, ...labels.map(textPixels));
  const last = textPixels(labels.at(-1) ?? "");
  if (longest <= width / Math.max(1, labels.length)) return { top: levelTop, right: 20, rotate: 0 };
  return { top: levelTop + longest * Math.SQRT1_2, right: 8 + last * Math.SQRT1_2, rotate: -45 };
}

/** Cells in one hue by row and column (the two dimensions, both in the order they come in): cohorts by months since, regions by product lines. */
export const heatMap: Picture = {
  shape: { dimensions: [2, 2], measures: [1, 3] },
  draw(input) {
    const cells = input.rows.map((row) => ({
      row: row.labels[0] ?? "",
      column: row.labels[1] ?? "",
      value: row.values[0] ?? null,
      text: input.short(row.values[0] ?? null, 0),
    }));
    const rowLabels = [...new Set(cells.map(({ row }) => row))];
    const columnLabels = [...new Set(cells.map(({ column }) => column))];
    const numeric = columnLabels.every((label) => /^-?\d+$/.test(label));
    if (numeric) columnLabels.sort((left, right) => Number(left) - Number(right));
    const largest = Math.max(0, ...cells.map(({ value }) => value ?? 0)) || 1;
    return {
      height: (width) => columnNames(columnLabels, width - labelMargin(rowLabels, width)).top + 6 + cellHeight * rowLabels.length,
      legend: [],
      rowOf: (index) => index,
      options: (size) => {
        const left = labelMargin(rowLabels, size.width);
        const { top, right, rotate } = columnNames(columnLabels, size.width - left);
        const hasRoom = (size.width - left - right) / Math.max(1, columnLabels.length) >= textWidth;
        return {
          ...frame(input, size),
          marginLeft: left,
          marginTop: top,
          marginRight: right,
          marginBottom: 4,
          x: { type: "band", domain: columnLabels, axis: "top", label: null, tickSize: 0, tickRotate: rotate, padding: 0.04 },
          y: { type: "band", domain: rowLabels, label: null, padding: 0.06 },
          marks: [
            lineLabels(left),
            Plot.cell(cells, {
              x: "column",
              y: "row",
              fill: "var(--mark)",
              fillOpacity: (cell: (typeof cells)[number]) => 0.06 + 0.64 * (Math.max(0, cell.value ?? 0) / largest),
              className: "marks",
              rx: 2,
            }),
            ...(hasRoom ? [Plot.text(cells, { x: "column", y: "row", text: "text", fill: "var(--ink)", fontSize: 11 })] : []),
          ],
        };
      },
    };
  },
};
