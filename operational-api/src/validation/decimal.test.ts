import { array, assert, asyncProperty, type Arbitrary, bigInt, record } from "fast-check";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "../postgres/testing.ts";
import { canonicalDecimal, compareDecimals, fromScaled, lineAmount, productAsMoney, sumOfMoney } from "./decimal.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await database?.drop();
});

const decimal = (scale: number, from: bigint, to: bigint): Arbitrary<string> =>
  bigInt({ min: from, max: to }).map((value) => fromScaled(value, scale));

const line = record({
  quantity: decimal(4, 0n, 10n ** 9n),
  price: decimal(2, 0n, 10n ** 9n),
  discount: decimal(8, 0n, 10n ** 8n),
  tax: decimal(8, 0n, 3n * 10n ** 7n),
});

describe("decimal arithmetic", () => {
  it("works out line amounts and taxes as Postgres's numeric does, to the cent", async () => {
    await assert(
      asyncProperty(array(line, { minLength: 20, maxLength: 60 }), async (lines) => {
        const { rows } = await client.query<{ amounts: string[]; taxes: string[]; total: string }>(
          `with amounts as (
             select position, tax, round(quantity * price * (1 - discount), 2) as amount
             from json_to_recordset($1::json) as line(position int, quantity numeric, price numeric, discount numeric, tax numeric))
           select array_agg(amount::text order by position) as amounts, array_agg(round(amount * tax, 2)::text order by position) as taxes, sum(amount)::text as total
           from amounts`,
          [JSON.stringify(lines.map((each, position) => ({ ...each, position })))],
        );
        const amounts = lines.map(({ quantity, price, discount }) => lineAmount(quantity, price, discount));
        expect(amounts).toEqual(rows[0]?.amounts);
        expect(lines.map(({ tax }, index) => productAsMoney(amounts[index] ?? "", "money", tax, "rate"))).toEqual(rows[0]?.taxes);
        expect(sumOfMoney(amounts)).toBe(rows[0]?.total);
      }),
      { numRuns: 40 },
    );
  });

  it("rounds halves away from zero", () => {
    expect(lineAmount("1.0000", "0.01", "0.50000000")).toBe("0.01");
    expect(lineAmount("0.5000", "0.09", "0.00000000")).toBe("0.05");
    expect(productAsMoney("-0.50", "money", "0.01000000", "rate")).toBe("-0.01");
  });

  it("has one spelling for each number and orders them", () => {
    expect(canonicalDecimal("0012.5", "money")).toBe("12.50");
    expect(canonicalDecimal("-0", "quantity")).toBe("0.0000");
    expect(compareDecimals("-1.5", "-1.49")).toBeLessThan(0);
    expect(compareDecimals("2", "2.00")).toBe(0);
    expect(() => canonicalDecimal("1.005", "money")).toThrow(RangeError);
  });
});
