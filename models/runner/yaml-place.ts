import { LineCounter, isMap, isScalar, isSeq, parseDocument, type Node as YamlNode, type Pair } from "yaml";
import { ProjectError } from "./errors.ts";
import { excerpt } from "./jinja/index.ts";

/** Where something stands in a YAML file: keys, and the names of list entries. The line is looked for only when there is something to say. */
export class YamlPlace {
  readonly file: string;
  private readonly text: string;
  private readonly path: readonly string[];

  constructor(file: string, text: string, path: readonly string[] = []) {
    this.file = file;
    this.text = text;
    this.path = path;
  }

  /** Further in. */
  at(...steps: string[]): YamlPlace {
    return new YamlPlace(this.file, this.text, [...this.path, ...steps]);
  }

  /** The error, with file, line, way and the source around. */
  error(what: string): ProjectError {
    const line = this.line();
    const way = this.path.length > 0 ? `${this.path.join(": ")}: ` : "";
    return new ProjectError(`${this.file}:${line}: ${way}${what}\n${excerpt(this.text, line)}`);
  }

  private line(): number {
    const lines = new LineCounter();
    const document = parseDocument(this.text, { lineCounter: lines, merge: true, version: "1.1" });
    let node: unknown = document.contents;
    let offset = 0;
    for (const step of this.path) {
      const found = enter(node, step);
      // Where the file says less than the way, its last known part is the place.
      if (!found) continue;
      node = found.node;
      offset = found.offset;
    }
    return lines.linePos(offset).line;
  }
}

interface Found {
  node: unknown;
  offset: number;
}

const startOf = (node: unknown): number => (node as YamlNode | null)?.range?.[0] ?? 0;
const textOf = (node: unknown): string | null => (isScalar(node) ? String(node.value) : null);
const pairOf = (node: unknown, key: string): Pair | undefined =>
  isMap(node) ? node.items.find((pair) => textOf(pair.key) === key) : undefined;

/** A key of a mapping; or the list entry of that name, or that is that word, or that has it as a key (a test with arguments). */
function enter(node: unknown, step: string): Found | undefined {
  const pair = pairOf(node, step);
  if (pair) return { node: pair.value, offset: startOf(pair.key) };
  const entries = isSeq(node) ? node.items : [];
  const named = entries.find((entry) => ["name", "v"].some((key) => textOf(pairOf(entry, key)?.value) === step) || textOf(entry) === step);
  if (named !== undefined) return { node: named, offset: startOf(named) };
  const keyed = entries.map((entry) => pairOf(entry, step)).find((found) => found !== undefined);
  return keyed && { node: keyed.value, offset: startOf(keyed.key) };
}
