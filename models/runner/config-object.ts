import { CallArguments, Dict, PyError, PyObject, firstDefined, fromJs, toJs, type Kwargs, type Value } from "./jinja/index.ts";
import type { NodeConfig, Settings } from "./resources.ts";

interface ConfigHost {
  /** The configuration of the node being rendered, if any. */
  config: NodeConfig | undefined;
  execute: boolean;
  configure(settings: Settings): void;
}

/** `config(...)`, `config.get(...)`, `config.require(...)`, `config.meta_get(...)`. */
export class ConfigObject extends PyObject {
  private readonly host: ConfigHost;
  constructor(host: ConfigHost) {
    super();
    this.host = host;
  }
  override call(args: Value[], kwargs: Kwargs): Value {
    const settings: Settings = {};
    if (args[0] instanceof Dict) Object.assign(settings, toJs(args[0]));
    for (const [key, value] of kwargs) settings[key] = toJs(value);
    this.host.configure(settings);
    return "";
  }
  private read(name: string): Value | undefined {
    const { config } = this.host;
    return config && Object.hasOwn(config, name) && config[name] !== undefined ? fromJs(config[name]) : undefined;
  }
  attribute(name: string): Value | undefined {
    switch (name) {
      case "get":
        return (args, kwargs) => {
          const call = new CallArguments("config.get", args, kwargs);
          return firstDefined(this.read(call.text(0, "name")), call.value(1, "default", null)) ?? null;
        };
      case "require":
        return (args, kwargs) => {
          const key = new CallArguments("config.require", args, kwargs).text(0, "name");
          const found = this.read(key);
          if (found === undefined && this.host.execute) throw new PyError(`the config "${key}" is required here and not set`);
          return found ?? null;
        };
      case "meta_get":
        return (args, kwargs) => {
          const meta = this.host.config?.meta ?? {};
          const call = new CallArguments("config.meta_get", args, kwargs);
          const key = call.text(0, "name");
          return Object.hasOwn(meta, key) ? fromJs(meta[key]) : call.value(1, "default", null);
        };
      case "set":
        return (args) => {
          this.host.configure({ [String(args[0])]: toJs(args[1] ?? null) });
          return "";
        };
      case "persist_relation_docs":
      case "persist_column_docs":
        return () => false;
      default:
        return this.read(name);
    }
  }
  toText(): string {
    return "<config>";
  }
}
