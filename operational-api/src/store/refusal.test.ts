import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { refusalOf } from "./refusal.ts";

const databaseError = (code: string): DatabaseError => Object.assign(new DatabaseError("x", 1, "error"), { code });

describe("what the database refuses", () => {
  it.each(["53100", "53300", "57P01", "57P02", "57P03", "40P01"])("%s is no fault of the caller's, and may be tried again", (code) => {
    expect(refusalOf(databaseError(code))).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  });

  it("says that the disk is full", () => {
    expect(refusalOf(databaseError("53100"))?.message).toContain("disk is full");
  });

  it("a connection that breaks without a word from the server is one that can't be reached", () => {
    expect(refusalOf(new Error("Connection terminated unexpectedly"))).toMatchObject({ status: 503 });
    expect(refusalOf(Object.assign(new Error("x"), { code: "ECONNRESET" }))).toMatchObject({ status: 503 });
  });

  it("a wrong statement is a fault of ours", () => {
    expect(refusalOf(databaseError("42703"))).toBeNull();
    expect(refusalOf(new Error("x"))).toBeNull();
  });
});
