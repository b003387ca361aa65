import { expect, it } from "vitest";
import { problemTexts } from "../../../ingest/src/mirror/problem-texts.ts";
import { problemWords } from "./mirror-problems.ts";

const about = { code: "failed", table: "orders", column: null, what: "as the mirror says it", remedy: "as well" };

it("says every reason of the mirror in the reader's words, with all that it is told", () => {
  for (const [reason, text] of Object.entries(problemTexts)) {
    const names = [...`${text.what} ${text.remedy}`.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const { what, remedy } = problemWords({ ...about, reason, params: Object.fromEntries(names.map((name) => [name, `<${name}>`])) });
    expect([what, remedy], reason).not.toContain(about.what);
    for (const name of names) expect(`${what} ${remedy}`, reason).toContain(`<${name}>`);
    expect(`${what} ${remedy}`, reason).not.toMatch(/[{}]|undefined/);
  }
});

it("shows a reason that it does not know as the mirror says it", () => {
  expect(problemWords({ ...about, reason: "written_in_ink", params: {} })).toEqual({ what: about.what, remedy: about.remedy });
});
