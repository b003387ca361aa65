import type { NodeConfig, Settings } from "./resources.ts";
import { asSettings, asTexts, isSettings } from "./yaml.ts";

/** Mappings whose keys add up, level by level. */
const mergedKeys = new Set(["column_types", "docs", "grants", "persist_docs", "quoting"]);

/** Layers of configuration, weakest first: the project file's folders, the YAML properties, the file's own `config()`. */
export function mergeConfig(layers: readonly Settings[], defaults: { materialized: string }, place: string): NodeConfig {
  const merged: NodeConfig = { enabled: true, materialized: defaults.materialized, tags: [], meta: {} };
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer)) {
      const name = key.replace(/^(pre|post)_hook$/, "$1-hook");
      // dbt: tags and hooks add up, meta merges, everything else is replaced.
      if (name === "tags") merged.tags = [...new Set([...merged.tags, ...asTexts(value, `${place}: tags`)])];
      else if (name === "meta") merged.meta = { ...merged.meta, ...asSettings(value, `${place}: meta`) };
      else if (mergedKeys.has(name) && isSettings(value)) merged[name] = { ...asSettings(merged[name], `${place}: ${name}`), ...value };
      else if (name === "pre-hook" || name === "post-hook") merged[name] = [...hooks(merged[name]), ...hooks(value)];
      else merged[name] = value;
    }
  }
  merged.enabled = !["false", "no", "off"].includes(String(merged.enabled).toLowerCase());
  return merged;
}

/** The SQL texts of a hook setting: a text, a list, or `{sql: …}`. */
export function hooks(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(hooks);
  return isSettings(value) && typeof value.sql === "string" ? [value.sql] : [];
}

/** The project file's settings along a node's fqn: `models: {+a: 1, kehu: {staging: {+schema: staging}}}`. */
export function projectConfig(tree: Settings, fqn: readonly string[]): Settings[] {
  const layers = [ownKeys(tree)];
  let level = tree;
  for (const part of fqn) {
    const next = level[part];
    if (!isSettings(next)) break;
    layers.push(ownKeys(next));
    level = next;
  }
  return layers;
}

/** A level's configuration: keys with `+`, and keys whose value can't be a folder. */
function ownKeys(level: Settings): Settings {
  const own: Settings = {};
  for (const [key, value] of Object.entries(level)) {
    if (key.startsWith("+")) own[key.slice(1)] = value;
    else if (!isSettings(value)) own[key] = value;
  }
  return own;
}
