import { catalogueHref, type ColumnInput, type LineageKind, type Model } from "#lib/catalogue/model.ts";

/** A picture of what comes from what: boxes in columns from left (where data begins) to right, and the ways between them. */
export interface GraphNode {
  id: string;
  label: string;
  /** Second line: the model of a column. */
  note: string;
  href: string;
  isHere: boolean;
}

export interface GraphEdge {
  from: string;
  to: string;
  kind: LineageKind | null;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** All that a model is made of, and what reads it directly. */
export function modelGraph(models: readonly Model[], here: Model): Graph {
  const byId = new Map(models.map((model) => [model.id, model]));
  const chosen = new Set<string>();
  const waiting = [here.id];
  for (const id of waiting) {
    if (chosen.has(id)) continue;
    chosen.add(id);
    waiting.push(...(byId.get(id)?.parents ?? []));
  }
  for (const { id, parents } of models) if (parents.includes(here.id)) chosen.add(id);
  const nodes = models.filter(({ id }) => chosen.has(id));
  return {
    nodes: nodes.map(({ id, name, title }) => ({ id, label: name, note: title ?? "", href: catalogueHref(name), isHere: id === here.id })),
    edges: nodes.flatMap(({ id, parents }) => parents.filter((from) => chosen.has(from)).map((from) => ({ from, to: id, kind: null }))),
  };
}

const keyOf = (node: string, column: string): string => `${node} ${column}`;

/** The columns that a column (or what is made of `inputs`) comes from, back to the sources. */
export function columnGraph(
  models: readonly Model[],
  here: { id: string; label: string; note: string; href: string; inputs: readonly ColumnInput[] },
): Graph {
  const byId = new Map(models.map((model) => [model.id, model]));
  const nodes = new Map<string, GraphNode>([[here.id, { id: here.id, label: here.label, note: here.note, href: here.href, isHere: true }]]);
  const edges: GraphEdge[] = [];
  const waiting = here.inputs.map((input) => ({ input, to: here.id }));
  for (const { input, to } of waiting) {
    const model = byId.get(input.node);
    if (!model) continue;
    const id = keyOf(input.node, input.column);
    edges.push({ from: id, to, kind: input.kind });
    if (nodes.has(id)) continue;
    const href = catalogueHref(model.name, input.column);
    nodes.set(id, { id, label: input.column, note: model.name, href, isHere: false });
    for (const next of inputsOf(model, input.column)) waiting.push({ input: next, to: id });
  }
  return { nodes: [...nodes.values()], edges };
}

const inputsOf = ({ rows, columns }: Model, column: string): readonly ColumnInput[] =>
  column === "*"
    ? rows.map((node) => ({ node, column: "*", kind: "aggregated" }))
    : (columns.find(({ name }) => name === column)?.inputs ?? []);

/** The columns at the far end of a graph: those of sources. */
export function graphOrigins(models: readonly Model[], graph: Graph): { model: Model; column: string; title: string | null }[] {
  const sources = new Map(models.filter(({ type }) => type === "source").map((model) => [model.id, model]));
  return graph.nodes.flatMap(({ id, label }) => {
    const model = sources.get(id.slice(0, id.length - label.length - 1));
    return model ? [{ model, column: label, title: model.columns.find(({ name }) => name === label)?.title ?? null }] : [];
  });
}

export interface PlacedNode extends GraphNode {
  x: number;
  y: number;
}

export interface Layout {
  width: number;
  height: number;
  nodes: PlacedNode[];
  edges: (GraphEdge & { path: string })[];
}

export const box = { width: 184, height: 44, gapX: 40, gapY: 10, margin: 4 } as const;

/** Boxes by the longest way from a beginning, in each column near what they come from. */
export function layOut({ nodes, edges }: Graph): Layout {
  const parents = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  for (const { from, to } of edges) parents.get(to)?.push(from);
  const levels = new Map<string, number>();
  const levelOf = (id: string, path: ReadonlySet<string> = new Set()): number => {
    const known = levels.get(id);
    if (known !== undefined) return known;
    const above = (parents.get(id) ?? []).filter((parent) => !path.has(parent));
    const level = Math.max(-1, ...above.map((parent) => levelOf(parent, new Set([...path, id])))) + 1;
    levels.set(id, level);
    return level;
  };
  const columns: GraphNode[][] = [];
  for (const node of nodes) (columns[levelOf(node.id)] ??= []).push(node);
  const placed = new Map<string, PlacedNode>();
  columns.forEach((column, level) => {
    const middle = ({ id }: GraphNode): number => {
      const places = (parents.get(id) ?? []).flatMap((parent) => placed.get(parent)?.y ?? []);
      return places.length === 0 ? 0 : places.reduce((sum, y) => sum + y, 0) / places.length;
    };
    const order = column
      .map((node) => ({ node, y: middle(node) }))
      .sort((one, other) => one.y - other.y || (one.node.label < other.node.label ? -1 : 1));
    order.forEach(({ node }, index) =>
      placed.set(node.id, { ...node, x: box.margin + level * (box.width + box.gapX), y: box.margin + index * (box.height + box.gapY) }),
    );
  });
  const tallest = Math.max(0, ...columns.map((column) => column.length));
  return {
    width: 2 * box.margin + columns.length * (box.width + box.gapX) - box.gapX,
    height: 2 * box.margin + tallest * (box.height + box.gapY) - box.gapY,
    nodes: [...placed.values()],
    edges: edges.flatMap((edge) => {
      const [from, to] = [placed.get(edge.from), placed.get(edge.to)];
      return from && to ? [{ ...edge, path: curve(from, to) }] : [];
    }),
  };
}

function curve(from: PlacedNode, to: PlacedNode): string {
  const [startX, startY, endY] = [from.x + box.width, from.y + box.height / 2, to.y + box.height / 2];
  const middle = (startX + to.x) / 2;
  return `M${startX} ${startY}C${middle} ${startY} ${middle} ${endY} ${to.x} ${endY}`;
}
