import { join } from "node:path";
import { lintProject } from "@kehu/models";
import { expect, it } from "vitest";

it("the models keep to their layers", async () => {
  const findings = await lintProject(join(import.meta.dirname, "../../models"));
  expect(findings.map(({ file, rule, message }) => `${file}: ${rule}: ${message}`)).toEqual([]);
});
