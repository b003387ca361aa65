/**
 * Settings from the environment: read once, at the border, into values that nobody checks again.
 * Every room has a spec of its own; the product's table of variables (README) is `serverConfigSpec`.
 */

export interface Variable<Value> {
  /** The environment variable; `KEHU_S3_*` stands for all that begin with `KEHU_S3_`. */
  name: string;
  /** One sentence for the README. */
  description: string;
  /** What holds when it is not set, as one would write it; null: nothing, or what the description says. */
  default: string | null;
  /** Its value never appears in an error or a log. */
  secret: boolean;
  /** What may be given, for the error: `a port from 1 to 65535`. */
  allowed: string;
  /** The value, or undefined when the text is not allowed. */
  parse(text: string): Value | undefined;
}

export type Spec = Record<string, Variable<unknown>>;

/** `null` where nothing is set and there is no default. */
export type ConfigOf<S extends Spec> = {
  [Key in keyof S]: S[Key] extends Variable<infer Value> ? (S[Key]["default"] extends string ? Value : Value | null) : never;
};

/** A setting that stops the start. One line; never the value of a secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads the variables of `spec`. An empty variable counts as not set. Throws ConfigError naming the variable, what was given and what is allowed. */
export function readConfig<S extends Spec>(spec: S, env: NodeJS.ProcessEnv): ConfigOf<S> {
  return Object.fromEntries(Object.entries(spec).map(([key, variable]) => [key, readVariable(variable, env)])) as ConfigOf<S>;
}

function readVariable(variable: Variable<unknown>, env: NodeJS.ProcessEnv): unknown {
  const given = namesOf(variable, env).find((name) => env[name]?.trim());
  const text = given === undefined ? variable.default : (env[given]?.trim() ?? null);
  if (text === null) return null;
  const value = variable.parse(text);
  if (value !== undefined) return value;
  const shown = variable.secret ? `a text of ${text.length} characters (not shown)` : JSON.stringify(text);
  throw new ConfigError(`${given ?? variable.name} is ${shown}; allowed: ${variable.allowed}`);
}

const namesOf = (variable: Variable<unknown>, env: NodeJS.ProcessEnv): string[] =>
  variable.name.endsWith("*") ? Object.keys(env).filter((name) => name.startsWith(variable.name.slice(0, -1))) : [variable.name];

/** A variable with its type kept: whether it can be null follows from its default. */
export const variable = <Value, const Default extends string | null>(
  definition: Omit<Variable<Value>, "default" | "secret"> & { default: Default; secret?: boolean },
): Variable<Value> & { default: Default } => ({ secret: false, ...definition });

/** One of a few words. */
export const oneOf =
  <const Word extends string>(...words: Word[]) =>
  (text: string): Word | undefined =>
    words.find((word) => word === text);

export const textOfLength =
  (shortest: number) =>
  (text: string): string | undefined =>
    text.length >= shortest ? text : undefined;
