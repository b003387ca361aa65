import { bindMacro, parseTemplate, type Callable, type Globals } from "./jinja/index.ts";
import { builtinMacros } from "./builtin-macros.ts";
import type { Macro } from "./resources.ts";

/** The macros of one file. */
export function macrosOf(source: string, file: string, packageName: string): Macro[] {
  const template = parseTemplate(source, file);
  const macros: Macro[] = [];
  for (const statement of template.body) {
    if (statement.kind === "macro") {
      macros.push({ uniqueId: `macro.${packageName}.${statement.name}`, name: statement.name, packageName, file, statement, template });
    }
  }
  return macros;
}

let parsedBuiltins: Macro[] | undefined;

export const dbtMacros = (): Macro[] => (parsedBuiltins ??= builtinMacros.flatMap((source) => macrosOf(source, "dbt", "dbt")));

export interface DispatchSettings {
  /** The root project's name: its macros stand before every package's. */
  root: string;
  dispatch: ReadonlyMap<string, readonly string[]>;
}

/** Finds a macro by name: the asking package's, then the project's, then dbt's. */
export class MacroTable {
  private readonly byPackage = new Map<string, Map<string, Macro>>();
  private readonly settings: DispatchSettings;

  constructor(macros: Iterable<Macro>, settings: DispatchSettings) {
    this.settings = settings;
    for (const macro of macros) {
      let table = this.byPackage.get(macro.packageName);
      if (!table) this.byPackage.set(macro.packageName, (table = new Map()));
      table.set(macro.name, macro);
    }
  }

  /** A macro of the project, or of the package whose node is rendered. */
  findOwn(name: string, localPackage: string): Macro | undefined {
    return this.byPackage.get(localPackage)?.get(name) ?? this.byPackage.get(this.settings.root)?.get(name);
  }

  find(name: string, localPackage: string): Macro | undefined {
    return this.findOwn(name, localPackage) ?? this.inPackage("dbt", name);
  }

  /** `package.name`; what dbt itself dispatches (`default__name`, `duckdb__name`) can be overridden by the project. */
  inPackage(packageName: string, name: string): Macro | undefined {
    const macro = this.byPackage.get(packageName)?.get(name);
    if (macro || packageName !== "dbt") return macro;
    return this.dispatch(name, "dbt", this.settings.root);
  }

  hasPackage(packageName: string): boolean {
    return this.byPackage.has(packageName);
  }

  /** `adapter.dispatch(name, namespace)`: in each package of the search order DuckDB's own version before the default one. */
  dispatch(name: string, namespace: string | null, localPackage: string): Macro | undefined {
    const { root, dispatch } = this.settings;
    const packages = namespace === null ? [localPackage, root, "dbt"] : (dispatch.get(namespace) ?? [root, namespace]);
    for (const packageName of packages) {
      const table = this.byPackage.get(packageName);
      const own = table?.get(`duckdb__${name}`);
      if (own) return own;
      const general = table?.get(`default__${name}`);
      // A package without DuckDB's version of a macro that can't run there: ours stands in.
      if (general) return this.byPackage.get("dbt")?.get(`duckdb__${name}`) ?? general;
    }
    return undefined;
  }

  /** Every macro's name as templates may write it. */
  names(): string[] {
    return [...this.byPackage.values()].flatMap((table) => [...table.keys()]);
  }

  /** The packages that have a macro of the name: "did you mean dbt_utils.star?" */
  packagesWith(name: string): string[] {
    return [...this.byPackage].filter(([, table]) => table.has(name)).map(([packageName]) => packageName);
  }
}

/** Binds macros to one context, each once; tells which were used. */
export class BoundMacros {
  readonly used = new Set<string>();
  private readonly bound = new Map<Macro, Callable>();
  private readonly globals: Globals;
  constructor(globals: Globals) {
    this.globals = globals;
  }
  bind(macro: Macro): Callable {
    this.used.add(macro.uniqueId);
    let callable = this.bound.get(macro);
    if (!callable) {
      callable = bindMacro(macro.statement, macro.template, this.globals, { chainUndefined: true });
      this.bound.set(macro, callable);
    }
    return callable;
  }
}
