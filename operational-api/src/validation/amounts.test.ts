import { expect, it } from "vitest";
import { amountDigits } from "../entities/definition.ts";
import { entities } from "../entities/index.ts";
import { bodySchema } from "../openapi/schemas.ts";
import { parseRecord } from "./record-schema.ts";

const amounts = entities.flatMap((entity) =>
  Object.entries(entity.columns).flatMap(([name, column]) =>
    column.type === "money" && !column.readOnly ? [[entity, name] as const] : [],
  ),
);
const largest = `${"9".repeat(amountDigits)}.99`;
const faultOf =
  (...[entity, name]: (typeof amounts)[number]) =>
  (amount: string): string | undefined => {
    const parsed = parseRecord(entity, "patch", { [name]: amount });
    return "faults" in parsed ? parsed.faults.map(({ field, reason }) => `${field} ${reason}`).join() : undefined;
  };

it("no amount that figures could not hold is taken, whatever it is the amount of", () => {
  expect(amounts.map(([{ name }, column]) => `${name}.${column}`)).toEqual(
    expect.arrayContaining(["target.amount", "product.list_price", "activity.cost", "order_line.unit_price"]),
  );
  for (const [entity, name] of amounts) {
    const fault = faultOf(entity, name);
    expect(fault(largest)).toBeUndefined();
    for (const beyond of ["10000000000000", "9999999999999999.99", "99999999999999999999.5"])
      expect(fault(beyond)).toBe(`${name} must have at most 13 digits before the point: below 10,000,000,000,000`);
    expect(fault("1.005")).toBe(`${name} expected a decimal string with at most 2 places, such as "1234.50"`);
    const described = JSON.stringify(bodySchema(entity, "patch"));
    expect(described).toContain(JSON.stringify(`^-?\\d{1,${amountDigits}}(\\.\\d{1,2})?$`));
  }
  const listPrice = amounts.find(([{ name }, column]) => name === "product" && column === "list_price")!;
  expect(faultOf(...listPrice)(`-${largest}`)).toBeUndefined();
  expect(faultOf(...listPrice)("-10000000000000")).toContain("13 digits");
});
