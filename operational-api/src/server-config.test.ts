import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { clockFrom } from "./clock.ts";
import { ensureSecret, exposureRefusals, readServerConfig, serverConfigSpec } from "./server-config.ts";

const secret = "s".repeat(32);
const wrongValues: Record<keyof typeof serverConfigSpec, string> = {
  port: "70000",
  host: "a b",
  url: "https://crm.example.com/portal",
  dataDir: "",
  databaseUrl: "mysql://root:geheim@db/kehu",
  adminEmail: "root",
  adminPassword: "short",
  secret: "short",
  demo: "yes",
  timezone: "Asia/Atlantis",
  locale: "fr",
  currency: "XXY",
  weekStart: "friday",
  fiscalYearStart: "02-30",
  clock: "yesterday",
  smtpUrl: "http://localhost",
  oidcIssuer: "http://login.example.com",
  oidcClientId: "",
  oidcClientSecret: "",
  s3: "x",
};

describe("readServerConfig", () => {
  test("an empty environment has the documented defaults", () => {
    expect(readServerConfig({ KEHU_DATA_DIR: "/data" })).toEqual({
      port: 3000,
      host: "127.0.0.1",
      url: "http://localhost:3000",
      dataDir: "/data",
      databaseUrl: null,
      adminEmail: null,
      adminPassword: null,
      secret: null,
      demo: true,
      timezone: "Asia/Shanghai",
      locale: "zh-CN",
      currency: "CNY",
      weekStart: "monday",
      fiscalYearStart: "01-01",
      clock: null,
      smtpUrl: null,
      oidc: null,
    });
  });

  test.each(Object.entries(wrongValues).filter(([, text]) => text))("%s refuses %j in one line and hides secrets", (key, text) => {
    const { name, secret: hidden, allowed } = serverConfigSpec[key as keyof typeof serverConfigSpec];
    const given = name.replace("*", "URL");
    let message = "";
    try {
      readServerConfig({ [given]: text });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(`${given} is `);
    expect(message).toContain(`allowed: ${allowed}`);
    expect(message).not.toContain("\n");
    expect(message.includes(JSON.stringify(text))).toBe(!hidden);
  });

  test("an external database needs a secret of its own and brings no demo company", () => {
    const DATABASE_URL = "postgres://kehu:x@db/kehu";
    expect(() => readServerConfig({ DATABASE_URL })).toThrow("KEHU_SECRET is not set");
    expect(readServerConfig({ DATABASE_URL, KEHU_SECRET: secret }).demo).toBe(false);
  });
});

describe("exposureRefusals", () => {
  const local = { host: "127.0.0.1", url: "http://localhost:3000", secret: null, demo: true };
  const safe = { host: "0.0.0.0", url: "https://crm.example.com", secret, demo: false };

  test("a local server may do without secret and https, and have demo accounts", () => {
    expect(exposureRefusals(local, true)).toEqual([]);
    expect(exposureRefusals({ ...local, host: "::1", url: "http://kehu.localhost:3000" }, true)).toEqual([]);
  });

  test("an exposed server starts only when everything is safe", () => {
    expect(exposureRefusals(safe, false)).toEqual([]);
    expect(exposureRefusals({ ...safe, secret: null }, false)).toEqual([
      expect.stringContaining("KEHU_SECRET is not set, but HOST is 0.0.0.0"),
    ]);
    expect(exposureRefusals({ ...safe, url: "http://crm.example.com" }, false)).toEqual([
      expect.stringContaining("KEHU_URL is http://crm.example.com"),
    ]);
    expect(exposureRefusals({ ...safe, demo: true }, false)).toEqual([expect.stringContaining("KEHU_DEMO is 1")]);
    expect(exposureRefusals(safe, true)).toEqual([expect.stringContaining("demo accounts")]);
    expect(exposureRefusals({ ...local, host: "0.0.0.0" }, false)).toHaveLength(3);
    expect(exposureRefusals({ ...local, url: "https://crm.example.com" }, false)).toHaveLength(2);
  });

  test("a host name that only looks like loopback is exposed", () => {
    expect(exposureRefusals({ ...local, url: "http://localhost.example.com" }, false)).toHaveLength(3);
    expect(exposureRefusals({ ...local, host: "127.evil.example" }, false)).toHaveLength(3);
  });
});

test("a secret made once is found again, and is for its owner only", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "kehu-config-"));
  try {
    const made = await ensureSecret({ secret: null, dataDir });
    expect(Buffer.byteLength(made)).toBeGreaterThanOrEqual(32);
    expect(await ensureSecret({ secret: null, dataDir })).toBe(made);
    expect(await ensureSecret({ secret, dataDir })).toBe(secret);
    expect((await stat(join(dataDir, "runtime.json"))).mode & 0o777).toBe(0o600);
  } finally {
    await rm(dataDir, { recursive: true });
  }
});

test("KEHU_CLOCK fixes now, and a caller can't move it", () => {
  const clock = clockFrom(readServerConfig({ KEHU_CLOCK: "2026-06-30T09:00:00+08:00" }));
  clock().setFullYear(1999);
  expect(clock().toISOString()).toBe("2026-06-30T01:00:00.000Z");
});
