import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigError, oneOf, readConfig, textOfLength, variable, type ConfigOf } from "./config.ts";
import { readRuntime, updateRuntime } from "./postgres/runtime-file.ts";

const secretBytes = 32;

const wholeNumber = (text: string, from: number, to: number): number | undefined => {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= from && value <= to ? value : undefined;
};

const urlOf =
  (...protocols: string[]) =>
  (text: string): string | undefined =>
    URL.canParse(text) && protocols.includes(new URL(text).protocol) ? text : undefined;

const timezone = (text: string): string | undefined => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone && text;
  } catch {
    return undefined; // Intl says "unknown zone" by throwing
  }
};

/** Not part of this version: saying so is better than a setting without effect. */
const notYet = {
  default: null,
  secret: true,
  allowed: "nothing: this version has no such connection",
  parse: (): string | undefined => undefined,
} as const;

/** Every variable a user may set. README's table is checked against it. */
export const serverConfigSpec = {
  port: variable({
    name: "PORT",
    description: "Port of the portal and all APIs (one origin).",
    default: "3000",
    allowed: "a port from 1 to 65535",
    parse: (text) => wholeNumber(text, 1, 65_535),
  }),
  host: variable({
    name: "HOST",
    description: "Address to listen on. Anything but loopback counts as exposed.",
    default: "127.0.0.1",
    allowed: "an IP address or host name",
    parse: (text) => (/^[\w.:-]+$/.test(text) ? text : undefined),
  }),
  url: variable({
    name: "KEHU_URL",
    description: "Public address: cookies, mails, origin check. Default: `http://localhost:PORT`.",
    default: null,
    allowed: "an origin such as https://crm.example.com, without a path",
    parse: (text) => {
      const url = urlOf("http:", "https:")(text) && new URL(text);
      return url && url.pathname === "/" && !url.search && !url.hash && !url.username ? url.origin : undefined;
    },
  }),
  dataDir: variable({
    name: "KEHU_DATA_DIR",
    description: "Embedded Postgres, warehouse files, attachments, logs, exports.",
    default: "./.data",
    allowed: "a path",
    parse: (text) => resolve(text),
  }),
  databaseUrl: variable({
    name: "DATABASE_URL",
    description: "An external Postgres (>= 15, `wal_level=logical`) instead of the embedded one.",
    default: null,
    secret: true,
    allowed: "postgres://user:password@host:port/database",
    parse: urlOf("postgres:", "postgresql:"),
  }),
  adminEmail: variable({
    name: "KEHU_ADMIN_EMAIL",
    description: "The first administrator, made on the first start of an empty database. Default: `admin@kehu.local`.",
    default: null,
    allowed: "an e-mail address",
    parse: (text) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? text.toLowerCase() : undefined),
  }),
  adminPassword: variable({
    name: "KEHU_ADMIN_PASSWORD",
    description: "That administrator's password. Without it a random one is printed once, to the terminal only.",
    default: null,
    secret: true,
    allowed: "a password of 8 to 128 characters",
    parse: (text) => (text.length <= 128 ? textOfLength(8)(text) : undefined),
  }),
  secret: variable({
    name: "KEHU_SECRET",
    description: "Signing secret. The embedded mode makes one and keeps it (mode 600) in the data directory.",
    default: null,
    secret: true,
    allowed: `at least ${secretBytes} bytes, for example from: openssl rand -base64 48`,
    parse: (text) => (Buffer.byteLength(text) >= secretBytes ? text : undefined),
  }),
  demo: variable({
    name: "KEHU_DEMO",
    description: "`1` fills an empty database with the demo company, `0` does not. Default: 1 embedded, 0 with `DATABASE_URL`.",
    default: null,
    allowed: "0 or 1",
    parse: (text) => (text === "1" ? true : text === "0" ? false : undefined),
  }),
  timezone: variable({
    name: "KEHU_TIMEZONE",
    description: "The company's time zone.",
    default: "Asia/Shanghai",
    allowed: "an IANA time zone such as Asia/Shanghai",
    parse: timezone,
  }),
  locale: variable({
    name: "KEHU_LOCALE",
    description: "Language of the portal for those who did not choose.",
    default: "zh-CN",
    allowed: "zh-CN or en",
    parse: oneOf("zh-CN", "en"),
  }),
  currency: variable({
    name: "KEHU_CURRENCY",
    description: "The company's currency.",
    default: "CNY",
    allowed: "an ISO 4217 code such as CNY",
    parse: (text) => (Intl.supportedValuesOf("currency").includes(text) ? text : undefined),
  }),
  weekStart: variable({
    name: "KEHU_WEEK_START",
    description: "First day of the week.",
    default: "monday",
    allowed: "monday or sunday",
    parse: oneOf("monday", "sunday"),
  }),
  fiscalYearStart: variable({
    name: "KEHU_FISCAL_YEAR_START",
    description: "First day of the fiscal year.",
    default: "01-01",
    allowed: "month and day as MM-DD, the day from 01 to 28",
    parse: (text) => (/^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$/.test(text) ? text : undefined),
  }),
  clock: variable({
    name: "KEHU_CLOCK",
    description: 'Fixes "now" for tests and demos. Default: the machine\'s time.',
    default: null,
    allowed: "an instant such as 2026-06-30T09:00:00Z",
    parse: (text) =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))
        ? new Date(text)
        : undefined,
  }),
  smtpUrl: variable({
    name: "KEHU_SMTP_URL",
    description:
      "Mail server for password links: `smtp://user:password@host:587?from=crm@example.com`, or `smtps:`. Without it administrators make the links.",
    default: null,
    secret: true,
    allowed: "smtp://user:password@host:port?from=address, or smtps://…",
    parse: (text) => (urlOf("smtp:", "smtps:")(text) && new URL(text).hostname ? text : undefined),
  }),
  oidcIssuer: variable({
    name: "KEHU_OIDC_ISSUER",
    description: "Company sign-in by OpenID Connect: the provider's address. Its redirect URI is `KEHU_URL/api/auth/callback/company`.",
    default: null,
    allowed: "the issuer's https address (http on this machine), such as https://login.example.com/realms/company",
    parse: (text) => {
      const url = urlOf("http:", "https:")(text) && new URL(text);
      return url && (url.protocol === "https:" || isLoopbackName(url.hostname)) && !url.search && !url.hash ? text : undefined;
    },
  }),
  oidcClientId: variable({
    name: "KEHU_OIDC_CLIENT_ID",
    description: "What the provider knows Kehu by.",
    default: null,
    allowed: "the client id that the provider gave",
    parse: textOfLength(1),
  }),
  oidcClientSecret: variable({
    name: "KEHU_OIDC_CLIENT_SECRET",
    description: "The secret that goes with it.",
    default: null,
    secret: true,
    allowed: "the client secret that the provider gave",
    parse: textOfLength(1),
  }),
  s3: variable({ name: "KEHU_S3_*", description: "Attachment storage. Not in this version.", ...notYet }),
};

type Given = ConfigOf<typeof serverConfigSpec>;

/** The company's OpenID provider. */
export interface OidcConfig {
  issuer: string;
  clientId: string;
  clientSecret: string;
}

/** `secret` is what was given, possibly null: see `ensureSecret`. */
export interface ServerConfig extends Omit<Given, "url" | "demo" | "oidcIssuer" | "oidcClientId" | "oidcClientSecret" | "s3"> {
  /** The public origin, without a slash at the end. */
  url: string;
  demo: boolean;
  /** Null: no company sign-in. */
  oidc: OidcConfig | null;
}

/** Reads `serverConfigSpec` and settles the defaults that depend on other variables. Throws ConfigError. */
export function readServerConfig(env: NodeJS.ProcessEnv): ServerConfig {
  const { oidcIssuer, oidcClientId, oidcClientSecret, s3: _s3, ...given } = readConfig(serverConfigSpec, env);
  if (given.databaseUrl && !given.secret) {
    throw new ConfigError(`KEHU_SECRET is not set; with DATABASE_URL it is needed, allowed: ${serverConfigSpec.secret.allowed}`);
  }
  return {
    ...given,
    url: given.url ?? `http://localhost:${given.port}`,
    demo: given.demo ?? given.databaseUrl === null,
    oidc: oidcOf(oidcIssuer, oidcClientId, oidcClientSecret),
  };
}

/** All three or none: half of them would be a company sign-in that looks set up and fails at the first user. */
function oidcOf(issuer: string | null, clientId: string | null, clientSecret: string | null): OidcConfig | null {
  const given = { KEHU_OIDC_ISSUER: issuer, KEHU_OIDC_CLIENT_ID: clientId, KEHU_OIDC_CLIENT_SECRET: clientSecret };
  const missing = Object.keys(given).filter((name) => given[name as keyof typeof given] === null);
  if (missing.length === 3) return null;
  if (!issuer || !clientId || !clientSecret) {
    throw new ConfigError(`${missing.join(" and ")} not set; company sign-in needs all of ${Object.keys(given).join(", ")}`);
  }
  return { issuer, clientId, clientSecret };
}

/** The given secret, or the one this data directory was given at its first start. */
export async function ensureSecret(config: Pick<ServerConfig, "secret" | "dataDir">): Promise<string> {
  if (config.secret) return config.secret;
  await mkdir(config.dataDir, { recursive: true });
  const { secret } = await readRuntime(config.dataDir);
  if (secret) return secret;
  const made = randomBytes(48).toString("base64url");
  await updateRuntime(config.dataDir, { secret: made });
  return made;
}

export const isLoopbackName = (host: string): boolean =>
  /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?|(\[?::ffff:)127(\.\d{1,3}){3}\]?)$/i.test(host);

/** Others than this machine's users can come here: HOST is not loopback, or KEHU_URL is not localhost. */
export const isExposed = (config: Pick<ServerConfig, "host" | "url">): boolean =>
  !isLoopbackName(config.host) || !isLoopbackName(new URL(config.url).hostname);

/** Why an exposed server must not start, one line each; empty when it may. `demoAccounts`: whether the database has any. */
export function exposureRefusals(config: Pick<ServerConfig, "host" | "url" | "secret" | "demo">, demoAccounts: boolean): string[] {
  if (!isExposed(config)) return [];
  const because = isLoopbackName(config.host) ? `KEHU_URL is ${config.url}` : `HOST is ${config.host}`;
  const refusals: string[] = [];
  if (!config.secret) refusals.push(`KEHU_SECRET is not set, but ${because}; allowed: ${serverConfigSpec.secret.allowed}`);
  if (!config.url.startsWith("https:")) refusals.push(`KEHU_URL is ${config.url}, but ${because}; allowed: the public address with https`);
  if (config.demo) refusals.push(`KEHU_DEMO is 1, but ${because}; allowed: 0, demo accounts are for this machine only`);
  else if (demoAccounts) refusals.push(`the database has demo accounts, but ${because}; remove them with: npx kehu demo --remove`);
  return refusals;
}
