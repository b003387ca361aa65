import { describe, expect, expectTypeOf, test } from "vitest";
import { ConfigError, oneOf, readConfig, variable } from "./config.ts";

const spec = {
  port: variable({
    name: "PORT",
    description: "Port.",
    default: "3000",
    allowed: "a number",
    parse: (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
  }),
  mode: variable({ name: "MODE", description: "Mode.", default: null, allowed: "fast or slow", parse: oneOf("fast", "slow") }),
  secret: variable({
    name: "SECRET",
    description: "Secret.",
    default: null,
    secret: true,
    allowed: "letters",
    parse: (text) => (/^[a-z]+$/.test(text) ? text : undefined),
  }),
  family: variable({
    name: "FAMILY_*",
    description: "A family.",
    default: null,
    allowed: "nothing",
    parse: (): string | undefined => undefined,
  }),
};

describe("readConfig", () => {
  test("gives defaults, null without a default, and the parsed value", () => {
    const config = readConfig(spec, { MODE: "fast", SECRET: "" });
    expect(config).toEqual({ port: 3000, mode: "fast", secret: null, family: null });
    expectTypeOf(config.port).toEqualTypeOf<number>();
    expectTypeOf(config.mode).toEqualTypeOf<"fast" | "slow" | null>();
  });

  test("an error names the variable, what was given and what is allowed", () => {
    expect(() => readConfig(spec, { MODE: "quick" })).toThrow(new ConfigError('MODE is "quick"; allowed: fast or slow'));
    expect(() => readConfig(spec, { FAMILY_KEY: "x" })).toThrow('FAMILY_KEY is "x"; allowed: nothing');
  });

  test("an error does not show a secret", () => {
    expect(() => readConfig(spec, { SECRET: "hunter2" })).toThrow(
      new ConfigError("SECRET is a text of 7 characters (not shown); allowed: letters"),
    );
  });
});
