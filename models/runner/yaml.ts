import { LineCounter, parseDocument, type ScalarTag, type Tags } from "yaml";
import { ProjectError } from "./errors.ts";
import { excerpt } from "./jinja/index.ts";
import type { YamlPlace } from "./yaml-place.ts";
import type { Settings } from "./resources.ts";

/** The words that Python's parser takes for booleans: without the `y` and `n` of YAML 1.1. */
const booleans: ScalarTag[] = [
  { tag: "tag:yaml.org,2002:bool", default: true, test: /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/, resolve: () => true },
  { tag: "tag:yaml.org,2002:bool", default: true, test: /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/, resolve: () => false },
];
const replaced = new Set(["tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"]);
/** YAML 1.1 as dbt's parser reads it; a date stays the text it was written as. */
const pythonTags = (tags: Tags): Tags => [...booleans, ...tags.filter((tag) => typeof tag === "string" || !replaced.has(tag.tag))];

/** Reads one YAML file whose top is a mapping; an empty file is an empty mapping. */
export function parseYaml(text: string, file: string): Settings {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, merge: true, version: "1.1", customTags: pythonTags });
  const [error] = document.errors;
  if (error) {
    const { line } = lineCounter.linePos(error.pos[0]);
    throw new ProjectError(`${file}:${line}: ${error.message.split("\n")[0]}\n${excerpt(text, line)}`);
  }
  const value: unknown = document.toJS();
  if (value === null || value === undefined) return {};
  if (!isSettings(value))
    throw new ProjectError(`${file}: expected a mapping at the top, found ${Array.isArray(value) ? "a list" : typeof value}`);
  return value;
}

export const isSettings = (value: unknown): value is Settings => typeof value === "object" && value !== null && !Array.isArray(value);

/** What is wrong at a place; a place in a file is shown with its line. */
export const problem = (place: YamlPlace | string, what: string): ProjectError =>
  typeof place === "string" ? new ProjectError(`${place}: ${what}`) : place.error(what);

/** A mapping, or an empty one when the key is absent; anything else is an error that names the place. */
export function asSettings(value: unknown, place: YamlPlace | string): Settings {
  if (value === undefined || value === null) return {};
  if (isSettings(value)) return value;
  throw problem(place, `expected a mapping, found ${JSON.stringify(value)}`);
}

export function asList(value: unknown, place: YamlPlace | string): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw problem(place, `expected a list, found ${JSON.stringify(value)}`);
}

export function asText(value: unknown, place: YamlPlace | string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw problem(place, `expected a text, found ${JSON.stringify(value)}`);
}

/** A text or a list of texts (tags, hooks, paths). */
export function asTexts(value: unknown, place: YamlPlace | string): string[] {
  if (typeof value === "string") return [value];
  return asList(value, place).map((item) => asText(item, place));
}
