import type { Entity } from "../entities/definition.ts";
import { query } from "../store/sql.ts";
import type { Write } from "../store/write.ts";
import { compareDecimals } from "../validation/decimal.ts";
import { dayIn } from "../validation/instant.ts";
import { after, faultAt, type Rule } from "./draft.ts";

const one = "1.00000000";

/** The column that tells a document's date: the first business time of its own, else `created_at`. */
const dateColumn = (entity: Entity): string =>
  Object.entries(entity.columns).find(([, column]) => column.type === "instant" && column.default === "now")?.[0] ?? "created_at";

const applies = (entity: Entity): boolean => entity.columns["exchange_rate"] !== undefined && entity.columns["currency"] !== undefined;

/** The rates that hold on these days: by currency and day, absent where there is none. */
const ratesFor = async (write: Write, wanted: readonly { currency: string; day: string }[]): Promise<Map<string, string>> => {
  const distinct = [...new Map(wanted.map((each) => [`${each.currency} ${each.day}`, each])).values()];
  if (distinct.length === 0) return new Map();
  const rows = await query<{ currency: string; day: string; rate: string }>(
    write.client,
    `select wanted.currency, wanted.day, valid.rate
     from json_to_recordset($1::json) as wanted(currency text, day date)
     cross join lateral (
       select rate from crm.exchange_rates
       where currency = wanted.currency and valid_on <= wanted.day and deleted_at is null
       order by valid_on desc limit 1) as valid`,
    [JSON.stringify(distinct)],
  );
  return new Map(rows.map((row) => [`${row.currency} ${row.day}`, row.rate]));
};

const noRate = (currency: string, day: string): string =>
  `there is no exchange rate for ${currency} valid on ${day}; give exchange_rate, or add one to /api/v1/exchange-rates`;
const notOne = (currency: string): string => `must be 1: ${currency} is the company currency`;

/** A document keeps the rate of its date. Given, it must be 1 for the company currency; not given, it is looked up. */
export const exchangeRate: Rule = {
  create: async ({ write, entity, drafts, faults }) => {
    if (!applies(entity)) return;
    const own = write.settings.currency;
    const column = dateColumn(entity);
    const open = drafts.flatMap((draft) => {
      const { values } = draft;
      const currency = String(values["currency"]);
      const given = values["exchange_rate"] ?? null;
      if (currency === own) {
        if (given !== null && compareDecimals(String(given), one) !== 0) faults.push(faultAt(draft, "exchange_rate", notOne(own)));
        values["exchange_rate"] = one;
        return [];
      }
      return given === null ? [{ draft, currency, day: dayIn(write.settings.timezone, String(values[column])) }] : [];
    });
    const rates = await ratesFor(write, open);
    for (const { draft, currency, day } of open) {
      const rate = rates.get(`${currency} ${day}`);
      if (rate === undefined) faults.push(faultAt(draft, "exchange_rate", noRate(currency, day)));
      else draft.values["exchange_rate"] = rate;
    }
  },
  change: async (amendment) => {
    const { write, entity, changes, faults } = amendment;
    if (!applies(entity)) return;
    const own = write.settings.currency;
    const column = dateColumn(entity);
    const currency = String(after(amendment, "currency"));
    const rate = changes["exchange_rate"] ?? null;
    const emptied = changes["exchange_rate"] === null;
    if (currency === own) {
      if (rate !== null && compareDecimals(String(rate), one) !== 0) faults.push({ field: "exchange_rate", reason: notOne(own) });
      if (changes["currency"] !== undefined || emptied) changes["exchange_rate"] = one;
      return;
    }
    // Emptying the rate asks for the one of the document's date.
    if (rate !== null || (!emptied && changes["currency"] === undefined && changes[column] === undefined)) return;
    const day = dayIn(write.settings.timezone, String(after(amendment, column)));
    const valid = (await ratesFor(write, [{ currency, day }])).get(`${currency} ${day}`);
    if (valid === undefined) faults.push({ field: "exchange_rate", reason: noRate(currency, day) });
    else changes["exchange_rate"] = valid;
  },
};
