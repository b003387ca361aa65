import { expect, test } from "vitest";
import { createLogger } from "./log.ts";

const logged = (write: (logger: ReturnType<typeof createLogger>) => void): string => {
  let text = "";
  write(createLogger({ service: "test", destination: { write: (line) => void (text += line) } }));
  return text;
};

test("secrets and personal data under their usual names are hidden", () => {
  const text = logged((logger) =>
    logger.info(
      { count: 3, password: "hunter2", headers: { cookie: "hunter2", "x-api-key": "hunter2" }, a: { b: { email: "hunter2" } } },
      "signed in",
    ),
  );
  expect(text).not.toContain("hunter2");
  expect(JSON.parse(text)).toMatchObject({ service: "test", count: 3, msg: "signed in" });
});

test("a database error keeps its code and stack and loses the values it quotes", () => {
  const error = Object.assign(new Error("duplicate key", { cause: new Error("below") }), {
    code: "23505",
    detail: "Key (mobile)=(13800000000) already exists.",
  });
  const text = logged((logger) => logger.error({ err: error }, "failed"));
  expect(text).not.toContain("13800000000");
  expect(JSON.parse(text)).toMatchObject({ err: { type: "Error", message: "duplicate key", code: "23505", cause: { message: "below" } } });
});
