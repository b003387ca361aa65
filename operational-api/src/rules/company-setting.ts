import { type KnownSetting, knownSettings } from "../entities/known-settings.ts";
import { canonicalDecimal } from "../validation/decimal.ts";
import { nearestName } from "../validation/nearest-name.ts";
import type { Value } from "../validation/record-schema.ts";
import { after, faultAt, type Rule } from "./draft.ts";

const byKey = new Map(knownSettings.map((setting) => [setting.key, setting]));

const unknownKey = (key: string): string => {
  const nearest = nearestName(key, [...byKey.keys()]);
  return `there is no setting "${key}"${nearest ? `; did you mean "${nearest}"?` : ""}; there are ${[...byKey.keys()].join(", ")}`;
};

/** The one spelling of a value, or what it must be. */
const readValue = (setting: KnownSetting, text: string): { value: string } | { reason: string } => {
  switch (setting.kind) {
    case "choice": {
      const codes = Object.keys(setting.values);
      return codes.includes(text) ? { value: text } : { reason: `"${text}" is not allowed; ${setting.key} is one of ${codes.join(", ")}` };
    }
    case "money":
      return /^\d{1,12}(\.\d{1,2})?$/.test(text)
        ? { value: canonicalDecimal(text, "money") }
        : { reason: `"${text}" is not allowed; ${setting.key} is an amount from 0 up, such as "120.00"` };
    case "integer":
      return /^\d{1,6}$/.test(text) && Number(text) >= setting.minimum && Number(text) <= setting.maximum
        ? { value: String(Number(text)) }
        : { reason: `"${text}" is not allowed; ${setting.key} is a whole number from ${setting.minimum} to ${setting.maximum}` };
  }
};

const check = (key: Value | undefined, value: Value | undefined): { value: string } | { field: string; reason: string } => {
  const setting = byKey.get(String(key));
  if (!setting) return { field: "key", reason: unknownKey(String(key)) };
  const read = readValue(setting, String(value));
  return "value" in read ? read : { field: "value", reason: read.reason };
};

/** Only keys and values that the models understand. */
export const companySetting: Rule = {
  create: ({ drafts, faults }) => {
    for (const draft of drafts) {
      const checked = check(draft.values["key"], draft.values["value"]);
      if ("reason" in checked) faults.push(faultAt(draft, checked.field, checked.reason));
      else draft.values["value"] = checked.value;
    }
  },
  change: (amendment) => {
    const { changes, faults } = amendment;
    if (changes["key"] === undefined && changes["value"] === undefined) return;
    const checked = check(after(amendment, "key"), after(amendment, "value"));
    if ("reason" in checked) faults.push(checked);
    else changes["value"] = checked.value;
  },
};
