import type { DuckDBConnection } from "@duckdb/node-api";
import { contextValues } from "./context-values.ts";
import { didYouMean } from "./errors.ts";
import { PyObject, firstDefined, type Globals, type Value } from "./jinja/index.ts";
import { BoundMacros, type MacroTable } from "./macros.ts";
import type { Batch } from "./microbatch.ts";
import type { Relation } from "./relation.ts";
import type { Node, Project, Reference, Settings } from "./resources.ts";

/** Everything a template needs from the runner; parsing and running differ only in this. */
export interface ContextHost {
  project: Project;
  macros: MacroTable;
  node: Node | null;
  /** The package whose variables and macros the template sees, when there is no node. */
  packageName?: string;
  /** False while parsing: `execute`. */
  execute: boolean;
  fullRefresh: boolean;
  /** The command, as `flags.WHICH` tells it, and the rest of the call. */
  command?: string;
  callArguments?: Settings;
  /** Of a model that is built batch by batch: `model.batch`. */
  batch?: Batch;
  ref(reference: Reference): Relation;
  source(sourceName: string, tableName: string): Relation;
  /** `config(a=1)` in the file. */
  configure(settings: Settings): void;
  connection: DuckDBConnection | undefined;
  /** Type of an existing relation in the target: "table", "view" or undefined. */
  existing(relation: Relation): string | undefined;
  /** A template dropped or renamed the relation. */
  forget(relation: Relation): void;
  log(message: string, info: boolean): void;
  /** Unique ids of what the command selected; empty while parsing. */
  selected?: readonly string[];
  /** Values that stand before everything else (unit tests, generic tests' arguments). */
  overrides?: Map<string, Value>;
}

export interface Context {
  globals: Globals;
  /** Unique ids of the macros used so far. */
  usedMacros: Set<string>;
}

/** The names a template can use, dbt's meaning. */
export function createContext(host: ContextHost): Context {
  const { macros, project } = host;
  const localPackage = host.node?.packageName ?? host.packageName ?? project.settings.name;
  const namespaces = new Map<string, Value>();
  const namespace = (name: string): Value | undefined => {
    if (!macros.hasPackage(name) && name !== project.settings.name) return undefined;
    let found = namespaces.get(name);
    if (found === undefined) namespaces.set(name, (found = new PackageNamespace(name, macros, bound)));
    return found;
  };
  const globals: Globals = {
    lookup: (name) => {
      const override = host.overrides?.get(name);
      if (override !== undefined) return override;
      // As in dbt, a project may put its own `ref` before the built-in one (`builtins.ref`).
      const own = macros.findOwn(name, localPackage);
      if (own) return bound.bind(own);
      const value = firstDefined(values(name), namespace(name));
      if (value !== undefined) return value;
      const macro = macros.inPackage("dbt", name);
      return macro && bound.bind(macro);
    },
    explainMissing: (name, owner) => explainMissing(name, owner, host),
  };
  const bound = new BoundMacros(globals);
  const values = contextValues(host, bound, localPackage);
  return { globals, usedMacros: bound.used };
}

function explainMissing(name: string, owner: string | null, { macros, project }: ContextHost): string {
  if (owner !== null && !macros.hasPackage(owner)) {
    const known = [...project.packages.keys()].join(", ");
    return `There is no package "${owner}" either: lay it into ${project.settings.packagesPath}/ (known are ${known})`;
  }
  const elsewhere = macros.packagesWith(name).filter((packageName) => packageName !== owner);
  if (elsewhere.length > 0) return `Did you mean ${elsewhere.map((packageName) => `"${packageName}.${name}"`).join(" or ")}?`;
  return didYouMean(name, macros.names()).trim();
}

/** `dbt.date_trunc(…)`, `my_project.my_macro(…)`. */
class PackageNamespace extends PyObject {
  private readonly packageName: string;
  private readonly macros: MacroTable;
  private readonly bound: BoundMacros;
  constructor(packageName: string, macros: MacroTable, bound: BoundMacros) {
    super();
    this.packageName = packageName;
    this.macros = macros;
    this.bound = bound;
  }
  attribute(name: string): Value | undefined {
    const macro = this.macros.inPackage(this.packageName, name);
    return macro && this.bound.bind(macro);
  }
  override item(key: Value): Value | undefined {
    return typeof key === "string" ? this.attribute(key) : undefined;
  }
  toText(): string {
    return `<package ${this.packageName}>`;
  }
}
