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

export const dbtMacros = (): Macro[] => macrosOf(builtinMacros, "dbt", "dbt");

/** Finds a macro by name: the project's before dbt's. `dbt.name` and `project.name` ask one of them. */
export class MacroTable {
  private readonly byPackage = new Map<string, Map<string, Macro>>();
  private readonly order: string[] = [];

  constructor(macros: Iterable<Macro>) {
    for (const macro of macros) {
      let table = this.byPackage.get(macro.packageName);
      if (!table) {
        table = new Map();
        this.byPackage.set(macro.packageName, table);
        if (macro.packageName === "dbt") this.order.push("dbt");
        else this.order.unshift(macro.packageName);
      }
      table.set(macro.name, macro);
    }
  }

  find(name: string): Macro | undefined {
    for (const packageName of this.order) {
      const macro = this.byPackage.get(packageName)?.get(name);
      if (macro) return macro;
    }
    return undefined;
  }

  inPackage(packageName: string, name: string): Macro | undefined {
    return this.byPackage.get(packageName)?.get(name);
  }

  hasPackage(packageName: string): boolean {
    return this.byPackage.has(packageName);
  }

  /** `adapter.dispatch`: DuckDB's own version before the default one. */
  dispatch(name: string): Macro | undefined {
    return this.find(`duckdb__${name}`) ?? this.find(`default__${name}`);
  }

  names(): string[] {
    return [...this.byPackage.values()].flatMap((table) => [...table.keys()]);
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
