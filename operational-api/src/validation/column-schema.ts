import { z } from "zod";
import { amountDigits, type Column } from "../entities/definition.ts";
import { canonicalDecimal, compareDecimals, type DecimalType, scales } from "./decimal.ts";
import { canonicalInstant } from "./instant.ts";

/** DECIMAL(18, s) leaves 18 − s digits before the point. */
const precision = 18;
const largestInteger = 2_147_483_647;
const defaultMaxLength = 200;

/** 13 is "10,000,000,000,000". */
export const powerOfTen = (digits: number): string => (10n ** BigInt(digits)).toLocaleString("en");

/** NUL can't be stored; the other control characters are nobody's text (tab and line breaks are). */
// oxlint-disable-next-line no-control-regex
export const controlCharacters = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

const currencies = new Set(Intl.supportedValuesOf("currency"));

/** `digits` before the point. What is too long is told apart from what is no decimal: the writer mends them differently. */
const decimal = (type: DecimalType, column: Column, digits: number) => {
  const places = scales[type];
  const long = new RegExp(`^-?\\d{${digits + 1},}(\\.\\d{1,${places}})?$`);
  const example = type === "money" ? "1234.50" : type === "quantity" ? "12.5" : "0.13";
  return z
    .string({ error: `expected a decimal as a string, such as "${example}"` })
    .regex(new RegExp(`^-?\\d{1,${digits}}(\\.\\d{1,${places}})?$`), {
      error: ({ input }) =>
        typeof input === "string" && long.test(input)
          ? `must have at most ${digits} digits before the point: below ${powerOfTen(digits)}`
          : `expected a decimal string with at most ${places} places, such as "${example}"`,
      // Aborting, because what follows calculates.
      abort: true,
    })
    .refine(
      (text) => column.minimum === undefined || compareDecimals(text, String(column.minimum)) >= 0,
      `must be at least ${column.minimum}`,
    )
    .refine(
      (text) => column.maximum === undefined || compareDecimals(text, String(column.maximum)) <= 0,
      `must be at most ${column.maximum}`,
    )
    .refine((text) => !column.positive || compareDecimals(text, "0") > 0, "must be greater than 0")
    .meta({ examples: [example] })
    .overwrite((text) => canonicalDecimal(text, type));
};

const text = (column: Column) => {
  const longest = column.maxLength ?? defaultMaxLength;
  return z
    .string({ error: "expected a text" })
    .min(1, "must not be empty; leave it out or give null")
    .max(longest, `must not be longer than ${longest} characters`)
    .refine((value) => !controlCharacters.test(value), "must not contain control characters")
    .refine((value) => value.isWellFormed(), "must not contain half a character (a lone surrogate)");
};

const instantMessage = "expected a time with offset, such as 2026-11-22T09:30:00Z or 2026-11-22T17:30:00+08:00, at most microseconds";

/** What a column holds (null apart), as filters name it: refuses with a reason that says what would do, gives back the one spelling Postgres also has. */
export const valueSchema = (column: Column): z.ZodType<string | number | boolean> => {
  switch (column.type) {
    case "uuid":
      return z.uuid({ error: "expected a UUID" }).overwrite((value) => value.toLowerCase());
    case "text":
      return text(column);
    case "integer":
      return z
        .int({ error: "expected a whole number" })
        .min(column.minimum ?? -largestInteger, `must be at least ${column.minimum ?? -largestInteger}`)
        .max(column.maximum ?? largestInteger, `must be at most ${column.maximum ?? largestInteger}`);
    case "boolean":
      return z.boolean({ error: "expected true or false" });
    case "date":
      return z.iso
        .date({ error: "expected a date, such as 2026-11-22" })
        .refine((value) => !value.startsWith("0000"), "expected a date, such as 2026-11-22; there is no year 0");
    case "instant":
      return z.iso
        .datetime({ offset: true, error: instantMessage, abort: true })
        .refine((value) => canonicalInstant(value) !== null, instantMessage)
        .overwrite((value) => canonicalInstant(value) ?? value);
    case "money":
    case "quantity":
    case "rate":
      return decimal(column.type, column, precision - scales[column.type]);
    case "enum": {
      const codes = Object.keys(column.values ?? {});
      return z.enum(codes, { error: `expected one of ${codes.join(", ")}` });
    }
    case "currency":
      return z
        .string({ error: "expected an ISO 4217 currency code, such as CNY" })
        .refine((code) => currencies.has(code), "expected an ISO 4217 currency code, such as CNY")
        .meta({ examples: ["CNY"] });
  }
};

/** What a writer may give for a column: what it holds, and no amount that figures could not. */
export const writtenSchema = (column: Column): z.ZodType<string | number | boolean> =>
  column.type === "money" ? decimal("money", column, amountDigits) : valueSchema(column);
