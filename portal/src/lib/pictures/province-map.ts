import * as Plot from "@observablehq/plot";
import { chinaGrid, provinceOf } from "#lib/pictures/china-grid.ts";
import { frame, type Picture } from "#lib/pictures/picture.ts";

const columns = 9;
/** Below this many pixels a square has no room for its value. */
const squareWidth = 56;

/** The provinces of China as squares of one size, darker with the first measure. What is no province is in the table beside the map only, and the summary line under it says how much that is. */
export const provinceMap: Picture = {
  shape: { dimensions: [1, 1], measures: [1, 3] },
  draw(input) {
    const squares = input.rows.flatMap((row, index) => {
      const name = provinceOf(row.labels[0] ?? "");
      const place = name === null ? undefined : chinaGrid[name];
      if (name === null || !place) return [];
      return [{ name, column: place[0], row: place[1], value: row.values[0] ?? 0, text: input.short(row.values[0] ?? null, 0), index }];
    });
    const empty = Object.entries(chinaGrid)
      .filter(([name]) => squares.every((square) => square.name !== name))
      .map(([name, [column, row]]) => ({ name, column, row }));
    const largest = Math.max(1, ...squares.map(({ value }) => value));
    type Square = (typeof squares)[number];
    const place = { x: "column", y: "row" } as const;
    return {
      height: 420,
      legend: [],
      rowOf: (index) => squares[index]?.index ?? 0,
      options: (size) => ({
        ...frame(input, size),
        margin: 4,
        padding: 0.06,
        x: { type: "band", domain: Array.from({ length: columns }, (_, column) => column), axis: null },
        y: { type: "band", domain: Array.from({ length: 9 }, (_, row) => row), axis: null },
        marks: [
          Plot.cell(empty, { ...place, fill: "var(--line)", fillOpacity: 0.5, rx: 3 }),
          Plot.text(empty, { ...place, text: "name", fill: "var(--ink-3)" }),
          Plot.cell(squares, {
            ...place,
            fill: "var(--mark)",
            fillOpacity: (square: Square) => 0.1 + 0.6 * (Math.max(0, square.value) / largest),
            className: "marks",
            rx: 3,
          }),
          // Only where there is room: the table beside the map has every figure.
          ...(size.width / columns >= squareWidth
            ? [
                Plot.text(squares, { ...place, text: "name", dy: -8, fill: "var(--ink)" }),
                Plot.text(squares, { ...place, text: "text", dy: 8, fill: "var(--ink)", fontSize: 10 }),
              ]
            : [Plot.text(squares, { ...place, text: "name", fill: "var(--ink)" })]),
        ],
      }),
    };
  },
};
