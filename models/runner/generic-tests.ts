import { createHash } from "node:crypto";
import type { TestCall } from "./properties.ts";
import type { Settings } from "./resources.ts";

/** Names as dbt makes them, so that selectors and artifacts agree with it: `accepted_values_orders_status__placed__shipped`. */
export function genericTestName(call: TestCall, subject: { name: string; isSource: boolean }): { name: string; alias: string } {
  const args: Settings = { ...call.arguments, ...(call.columnName !== null && { column_name: call.columnName }) };
  const flat = Object.keys(args)
    .sort()
    .flatMap((key) => {
      const value = args[key];
      if (Array.isArray(value)) return value.map(pythonText);
      return typeof value === "object" && value !== null ? Object.values(value).map(pythonText) : [pythonText(value)];
    })
    .map((text) => text.replace(/[^0-9a-zA-Z_]+/g, "_"));
  const type = call.test.replace(".", "_");
  const identifier = `${subject.isSource ? "source_" : ""}${type}_${subject.name}`;
  const name = call.name ?? `${identifier}_${flat.join("__")}`;
  const alias = name.length < 64 ? name : `${identifier.slice(0, 30)}_${createHash("md5").update(name).digest("hex")}`;
  return { name, alias };
}

function pythonText(value: unknown): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null || value === undefined) return "None";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The template of a generic test: a call of its macro. */
export const genericTestCode = (call: TestCall): string => {
  const [packageName, name] = call.test.includes(".") ? call.test.split(".") : [null, call.test];
  return `{{ ${packageName === null ? "" : `${packageName}.`}test_${name}(**_dbt_generic_test_kwargs) }}`;
};

/** Ten letters that tell two tests of one name and different settings apart. */
export const testHash = (call: TestCall, subject: string): string =>
  createHash("md5")
    .update(JSON.stringify([call.test, call.name, call.arguments, call.columnName, call.config, subject]))
    .digest("hex")
    .slice(0, 10);

/** dbt reads these texts in a test's arguments as calls: `to: ref('customers')`. */
export const looksLikeCall = /^\s*(env_var|ref|var|source|doc)\s*\(.+\)\s*$/s;
