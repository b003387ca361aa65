import { ProjectError, UsageError, didYouMean } from "./errors.ts";
import { Graph } from "./graph.ts";
import type { EarlierState } from "./earlier-state.ts";
import type { Project, Settings } from "./resources.ts";
import { implicitMethod, isNode, methodPredicate, type Resource } from "./selector-methods.ts";
import { asList, asSettings, asText, isSettings } from "./yaml.ts";

/**
 * Which tests come along with what was selected: those that touch it (`eager`), those that touch nothing else (`cautious`),
 * or nothing else but what lies above it (`buildable`), or none that is not named itself (`empty`).
 */
export const indirectSelections = ["eager", "cautious", "buildable", "empty"] as const;
export type IndirectSelection = (typeof indirectSelections)[number];

export interface SelectionOptions {
  /** Default `eager`. */
  indirect?: IndirectSelection;
  /** What `state:` and `result:` compare with. */
  state?: EarlierState;
}

/** The nodes that `--select` and `--exclude` name; without `--select` those of the default selector, or all. Tests come along with what they test. */
export function selectNodes(
  project: Project,
  select: readonly string[],
  exclude: readonly string[],
  options: SelectionOptions = {},
): Set<string> {
  const selector = new Selector(project, options);
  const chosen = select.length === 0 ? selector.standard() : selector.union(select);
  for (const id of selector.union(exclude)) chosen.delete(id);
  // A test that needs all it reads may have its inputs from several words.
  return options.indirect === "cautious" || options.indirect === "buildable" ? selector.withTests(chosen, options.indirect) : chosen;
}

interface Reach {
  /** Levels of parents and children to take along; undefined for none. */
  parents?: number | undefined;
  children?: number | undefined;
  /** `@`: children, and all parents of those. */
  childrensParents?: boolean;
}

const allLevels = Number.POSITIVE_INFINITY;

class Selector {
  private readonly project: Project;
  private readonly graph: Graph;
  private readonly resources: Resource[];
  private readonly indirect: IndirectSelection;
  private readonly state: EarlierState | undefined;
  /** YAML selectors being read, so that one that names itself is found. */
  private readonly open: string[] = [];

  constructor(project: Project, { indirect = "eager", state }: SelectionOptions) {
    this.project = project;
    this.indirect = indirect;
    this.state = state;
    this.resources = [...project.nodes.values(), ...project.sources.values(), ...project.exposures.values()];
    this.graph = new Graph([...project.nodes.values(), ...project.exposures.values()]);
  }

  /** What runs when nothing is selected: the YAML selector with `default: true`, or everything. */
  standard(): Set<string> {
    for (const [name, entry] of this.project.selectors) if (isSettings(entry) && entry.default === true) return this.named(name);
    return new Set(this.resources.map((resource) => resource.uniqueId));
  }

  /** Each text is a union of words; a word is an intersection written with commas. */
  union(texts: readonly string[]): Set<string> {
    const chosen = new Set<string>();
    for (const word of texts.flatMap((text) => text.trim().split(/\s+/)).filter(Boolean)) {
      const parts = word.split(",").map((part) => this.part(part));
      for (const id of intersection(parts)) chosen.add(id);
    }
    return chosen;
  }

  /** `2+name+1`, `@name`, with the tests of everything found. */
  private part(text: string): Set<string> {
    const parsed = /^(?<at>@)?(?:(?<up>\d*)\+)?(?<body>.+?)(?:\+(?<down>\d*))?$/.exec(text);
    const { at, up, body, down } = parsed?.groups ?? {};
    if (body === undefined) throw new UsageError(`cannot read the selector "${text}"`);
    const split = /^([a-z_]+(?:\.[\w.]+)?):(.*)$/s.exec(body);
    const levels = (given: string | undefined): number | undefined =>
      given === undefined ? undefined : given === "" ? allLevels : Number(given);
    const reach = { parents: levels(up), children: levels(down), childrensParents: at !== undefined };
    return this.method(split?.[1] ?? implicitMethod(body), split?.[2] ?? body, reach);
  }

  private method(
    method: string,
    value: string,
    { parents, children, childrensParents }: Reach,
    indirect: IndirectSelection = this.indirect,
  ): Set<string> {
    const found =
      method === "selector"
        ? [...this.named(value)]
        : this.resources.filter(methodPredicate(method, value, this.project, this.state)).map(idOf);
    const chosen = new Set(found);
    // A selector of selectors.yml has said itself which tests come along.
    if (method === "selector" && parents === undefined && children === undefined && !childrensParents) return chosen;
    const add = (ids: Iterable<string>): void => {
      for (const id of ids) chosen.add(id);
    };
    for (const id of found) {
      if (parents !== undefined) add(this.graph.ancestors(id, parents));
      if (children !== undefined) add(this.graph.descendants(id, children));
      if (!childrensParents) continue;
      for (const other of this.graph.descendants(id)) {
        chosen.add(other);
        add(this.graph.ancestors(other));
      }
    }
    return this.withTests(chosen, indirect);
  }

  withTests(chosen: Set<string>, indirect: IndirectSelection): Set<string> {
    if (indirect === "empty") return chosen;
    const covered = new Set(chosen);
    if (indirect === "buildable") {
      for (const id of chosen) for (const above of this.graph.ancestors(id)) covered.add(above);
      for (const id of this.project.sources.keys()) covered.add(id);
    }
    for (const resource of this.resources) {
      if (!isNode(resource) || (resource.resourceType !== "test" && resource.resourceType !== "unit_test")) continue;
      const touches = resource.dependsOn.some((parent) => chosen.has(parent));
      if (touches && (indirect === "eager" || resource.dependsOn.every((parent) => covered.has(parent)))) chosen.add(resource.uniqueId);
    }
    return chosen;
  }

  /** A selector of selectors.yml. */
  private named(name: string): Set<string> {
    const entry = this.project.selectors.get(name);
    if (!isSettings(entry))
      throw new UsageError(`selectors.yml has no selector "${name}".${didYouMean(name, this.project.selectors.keys())}`);
    if (this.open.includes(name)) throw new ProjectError(`selectors.yml: ${[...this.open, name].join(" -> ")} name each other in a ring`);
    this.open.push(name);
    const chosen = this.definition(entry.definition, `selectors.yml: ${name}`);
    this.open.pop();
    return chosen;
  }

  /** A text as on the command line, `{tag: x}`, `{method, value, parents, …}`, `{union: […]}` or `{intersection: […]}`. */
  private definition(value: unknown, place: string): Set<string> {
    if (typeof value === "string") return this.union([value]);
    const settings = asSettings(value, place);
    if (settings.union !== undefined || settings.intersection !== undefined) return this.combined(settings, place);
    if (settings.method === undefined) {
      const [entry, ...others] = Object.entries(settings);
      if (!entry || others.length > 0)
        throw new ProjectError(`${place}: expected "method" and "value", or one pair such as {tag: nightly}`);
      return this.method(entry[0], asText(entry[1], place), {});
    }
    const depth = (key: string): number => (settings[`${key}_depth`] === undefined ? allLevels : Number(settings[`${key}_depth`]));
    const reach = {
      parents: settings.parents === true ? depth("parents") : undefined,
      children: settings.children === true ? depth("children") : undefined,
      childrensParents: settings.childrens_parents === true,
    };
    const { indirect_selection: indirect } = settings;
    const found = this.method(
      asText(settings.method, `${place}: method`),
      asText(settings.value, `${place}: value`),
      reach,
      indirect === undefined ? this.indirect : readIndirectSelection(indirect, `${place}: indirect_selection`),
    );
    return without(
      found,
      asList(settings.exclude, `${place}: exclude`).map((item) => this.definition(item, place)),
    );
  }

  private combined(settings: Settings, place: string): Set<string> {
    const key = settings.union === undefined ? "intersection" : "union";
    const items = asList(settings[key], `${place}: ${key}`);
    const isExclusion = (item: unknown): item is Settings =>
      isSettings(item) && item.exclude !== undefined && Object.keys(item).length === 1;
    const parts = items.filter((item) => !isExclusion(item)).map((item) => this.definition(item, place));
    const excluded = items.filter(isExclusion).flatMap((item) => asList(item.exclude, `${place}: exclude`));
    const chosen = key === "union" ? new Set(parts.flatMap((part) => [...part])) : intersection(parts);
    return without(
      chosen,
      excluded.map((item) => this.definition(item, place)),
    );
  }
}

/** One of dbt's four words. */
export function readIndirectSelection(value: unknown, place: string): IndirectSelection {
  const known = indirectSelections.find((one) => one === value);
  if (known) return known;
  throw new UsageError(
    `${place} takes ${indirectSelections.join(", ")}, found ${JSON.stringify(value)}.${didYouMean(String(value), indirectSelections)}`,
  );
}

const idOf = (resource: Resource): string => resource.uniqueId;

function intersection(parts: readonly ReadonlySet<string>[]): Set<string> {
  const [first = new Set<string>(), ...others] = parts;
  return new Set([...first].filter((id) => others.every((other) => other.has(id))));
}

function without(chosen: Set<string>, excluded: readonly ReadonlySet<string>[]): Set<string> {
  for (const part of excluded) for (const id of part) chosen.delete(id);
  return chosen;
}
