import * as Plot from "@observablehq/plot";
import { frame, type Picture } from "#lib/pictures/picture.ts";

/** Free space between two nodes of a column, as a share of the whole. */
const gap = 0.04;
const nodeWidth = 0.03;
/** Points a ribbon's edge is drawn with. */
const samples = 24;

interface Node {
  name: string;
  top: number;
  size: number;
}

/** Nodes from the top down in the order they are first met, sized by what flows through them. */
function stack(flows: readonly { name: string; value: number }[], total: number): Map<string, Node> {
  const sizes = new Map<string, number>();
  for (const { name, value } of flows) sizes.set(name, (sizes.get(name) ?? 0) + value / total);
  let top = 0;
  return new Map(
    [...sizes].map(([name, size]) => {
      const node = { name, top, size };
      top += size + gap;
      return [name, node];
    }),
  );
}

/** Ribbons from the first dimension (left) to the second (right), as wide as the measure: who moved from which tier to which. Rows come in the order of the tiers. */
export const sankey: Picture = {
  shape: { dimensions: [2, 2], measures: [1, 3] },
  draw(input) {
    const flows = input.rows
      .map((row, index) => ({ from: row.labels[0] ?? "", to: row.labels[1] ?? "", value: Math.max(0, row.values[0] ?? 0), row: index }))
      .filter(({ value }) => value > 0);
    const total = flows.reduce((sum, { value }) => sum + value, 0) || 1;
    const left = stack(
      flows.map(({ from, value }) => ({ name: from, value })),
      total,
    );
    // Both columns in one order, so that a straight ribbon means "stayed".
    const order = [...new Set([...left.keys(), ...flows.map(({ to }) => to)])];
    const right = stack(
      flows.map(({ to, value }) => ({ name: to, value })).toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name)),
      total,
    );
    const used = { left: new Map<string, number>(), right: new Map<string, number>() };
    const take = (side: Map<string, number>, node: Node | undefined, size: number): number => {
      const at = side.get(node?.name ?? "") ?? node?.top ?? 0;
      side.set(node?.name ?? "", at + size);
      return at;
    };
    const ribbons = flows.flatMap(({ from, to, value, row }) => {
      const size = value / total;
      const [start, end] = [take(used.left, left.get(from), size), take(used.right, right.get(to), size)];
      return Array.from({ length: samples + 1 }, (_, step) => {
        const t = step / samples;
        const eased = t * t * (3 - 2 * t);
        const top = start + (end - start) * eased;
        return { x: nodeWidth + t * (1 - 2 * nodeWidth), top, bottom: top + size, row, stays: from === to };
      });
    });
    type Point = (typeof ribbons)[number];
    const countOf = (node: Node): string => input.short(Math.round(node.size * total), 0);
    const nodes = [
      ...[...left.values()].map((node) => ({ ...node, x1: 0, x2: nodeWidth, side: "left" as const })),
      ...[...right.values()].map((node) => ({ ...node, x1: 1 - nodeWidth, x2: 1, side: "right" as const })),
    ];
    type Placed = (typeof nodes)[number];
    const label = (node: Placed): string => `${node.name} ${countOf(node)}`;
    const bottom = Math.max(1, ...nodes.map(({ top, size }) => top + size));
    return {
      height: 300,
      legend: [],
      rowOf: (index) => ribbons[index]?.row ?? 0,
      options: (size) => ({
        ...frame(input, size),
        marginLeft: 4,
        marginRight: 4,
        marginTop: 8,
        marginBottom: 8,
        x: { axis: null, domain: [0, 1] },
        y: { axis: null, domain: [bottom, 0] },
        marks: [
          Plot.areaY(ribbons, {
            x: "x",
            y1: "top",
            y2: "bottom",
            z: "row",
            fill: (point: Point) => (point.stays ? "var(--mark-rest)" : "var(--mark)"),
            fillOpacity: 0.45,
            className: "marks",
          }),
          Plot.rect(nodes, { x1: "x1", x2: "x2", y1: "top", y2: (node: Placed) => node.top + node.size, fill: "var(--mark)" }),
          ...(["left", "right"] as const).map((side) =>
            Plot.text(
              nodes.filter((node) => node.side === side),
              {
                x: side === "left" ? nodeWidth : 1 - nodeWidth,
                y: (node: Placed) => node.top + node.size / 2,
                text: label,
                textAnchor: side === "left" ? "start" : "end",
                dx: side === "left" ? 6 : -6,
                fill: "var(--ink)",
                stroke: "var(--surface)",
                strokeWidth: 4,
              },
            ),
          ),
        ],
      }),
    };
  },
};
