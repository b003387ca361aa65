import { readFile } from "node:fs/promises";
import { amountDigits } from "@kehu/operational-api/definitions";
import { expect, it } from "vitest";

it("the models leave out the amounts that the operational API refuses, and no others", async () => {
  const macros = await readFile(new URL("money.sql", import.meta.url), "utf8");
  const [, bounds] = /macro money_within_figures\(amount\) -%\}\s*case when \{\{ amount \}\} between (.*) then/.exec(macros) ?? [];
  const largest = `${"9".repeat(amountDigits)}.99`;
  expect(bounds).toBe(`-${largest} and ${largest}`);
});
