import { describe, expect, test } from "vitest";
import { passwordFault, passwordMessage } from "./passwords.ts";

const owner = { email: "wang.simin@example.com", name: "王思敏" };

describe("a password", () => {
  test.each([
    ["correct horse battery", null],
    ["k7xp-29ab-zz4m-qq8d", null],
    ["四匹马在雨里写一封长信吗", null],
    ["VerlorenerKoffer88", null],
    ["short", "PASSWORD_TOO_SHORT"],
    ["elevenchars", "PASSWORD_TOO_SHORT"],
    ["x".repeat(129), "PASSWORD_TOO_LONG"],
    ["password1234", "PASSWORD_TOO_COMMON"],
    ["P@ssw0rd!2026", "PASSWORD_TOO_COMMON"],
    ["123456789012", "PASSWORD_TOO_COMMON"],
    ["qwertyuiop123", "PASSWORD_TOO_COMMON"],
    ["1qaz2wsx3edc", "PASSWORD_TOO_COMMON"],
    ["aaaaaaaaaaaa", "PASSWORD_TOO_COMMON"],
    ["abcabcabcabc", "PASSWORD_TOO_COMMON"],
    ["woaini1314520", "PASSWORD_TOO_COMMON"],
    ["Admin@123456", "PASSWORD_TOO_COMMON"],
    ["iloveyou-iloveyou", "PASSWORD_TOO_COMMON"],
    ["Kehu2026!Kehu2026!", "PASSWORD_TOO_COMMON"],
    ["simin-likes-trains", "PASSWORD_NAMES_OWNER"],
    ["S1m1n-likes-trains", "PASSWORD_NAMES_OWNER"],
    ["王思敏的很长很长的密码在这里", "PASSWORD_NAMES_OWNER"],
  ])("%j: %s", (password, fault) => {
    expect(passwordFault(password, owner, 12)).toBe(fault);
  });

  test("the least length is the company's", () => {
    expect(passwordFault("correct horse battery", owner, 24)).toBe("PASSWORD_TOO_SHORT");
    expect(passwordFault("mug-lantern", owner, 8)).toBeNull();
  });

  test("the refusal says what would be right, in both languages", () => {
    expect(passwordMessage("PASSWORD_TOO_SHORT", 14, "en")).toContain("at least 14 characters");
    expect(passwordMessage("PASSWORD_TOO_SHORT", 14, "zh-CN")).toContain("至少需要 14 个字符");
  });
});
