import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestAuth, testAuthConfig, type TestAuth } from "./testing.ts";
import { accountTrail, createBrowsers, type TestBrowser } from "./testing-browser.ts";

/** Who the provider says has signed in there; it asks nobody for a password. */
let person: { sub: string; email: string; email_verified: boolean; name: string };
let provider: Provider;
let server: Server;
let issuer: string;
let setup: TestAuth;
let browser: ReturnType<typeof createBrowsers>;
let nora: string;
/** What the provider was asked at its authorization endpoint, last. */
let asked: URLSearchParams;

const callback = `${testAuthConfig.url}/api/auth/callback/company`;
const listen = (handler: (request: IncomingMessage, response: ServerResponse) => void, port = 0): Promise<Server> =>
  new Promise((resolve) => {
    const listening = createServer(handler).listen(port, "127.0.0.1", () => resolve(listening));
  });
const close = (listening: Server): Promise<void> => {
  listening.closeAllConnections();
  return new Promise((resolve) => listening.close(() => resolve()));
};

async function createProvider(): Promise<Provider> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const made = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), use: "sig", alg: "RS256" }] },
    clients: [
      {
        client_id: "kehu",
        client_secret: "a secret of the two",
        redirect_uris: [callback],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    cookies: { keys: ["a key of the provider"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, AuthorizationCode: 60, IdToken: 600 },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => person }),
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({ clientId: "kehu", accountId: context.oidc.session?.accountId ?? "" });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  made.on("server_error", (_context, error) => {
    throw error;
  });
  return made;
}

const serveProvider = (request: IncomingMessage, response: ServerResponse): void => {
  const url = new URL(request.url ?? "/", issuer);
  if (url.pathname === "/auth") asked = url.searchParams;
  if (url.pathname.startsWith("/interaction/")) {
    provider
      .interactionFinished(request, response, { login: { accountId: person.sub } })
      .catch((error: unknown) => response.destroy(error as Error));
    return;
  }
  void provider.callback()(request, response);
};

/** Follows the provider's redirects with its cookies, until it sends the browser back to us; gives that address. */
async function signInAtProvider(address: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let next = address;
  for (let hop = 0; hop < 10; hop++) {
    const response = await fetch(next, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
    });
    for (const line of response.headers.getSetCookie()) {
      const pair = line.split(";")[0] ?? "";
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const location = response.headers.get("location");
    if (!location) throw new Error(`the provider answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
    next = new URL(location, next).href;
    if (next.startsWith(testAuthConfig.url)) return new URL(next);
  }
  throw new Error("the provider sends round in circles");
}

const begin = (caller: TestBrowser) =>
  caller.send<{ url: string }>("POST", "/api/auth/sign-in/social", {
    provider: "company",
    callbackURL: "/",
    errorCallbackURL: "/sign-in",
    disableRedirect: true,
  });
const comeBack = (caller: TestBrowser, back: URL) => caller.send("GET", `${back.pathname}${back.search}`);
const throughProvider = async (caller: TestBrowser) => comeBack(caller, await signInAtProvider((await begin(caller)).body.url));
const errorOf = (answer: { headers: Headers }): string | null =>
  new URL(answer.headers.get("location") ?? "/", testAuthConfig.url).searchParams.get("error");

beforeAll(async () => {
  server = await listen((request, response) => serveProvider(request, response));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  provider = await createProvider();
  setup = await createTestAuth({ oidc: { issuer, clientId: "kehu", clientSecret: "a secret of the two" } });
  browser = createBrowsers(setup);
  nora = await setup.user("nora@example.com", ["sales_manager"], setup.company.employees.nora);
  person = { sub: "n-1", email: "Nora@example.com", email_verified: true, name: "Nora" };
});
afterAll(async () => {
  await setup.close();
  await close(server);
});

describe("O18 company sign-in", () => {
  test("brings an employee in by the verified e-mail address, with PKCE, state and nonce, and is remembered by the provider's subject", async () => {
    const caller = browser();
    const answer = await throughProvider(caller);
    expect(answer.status).toBe(302);
    expect(answer.headers.get("location")).toBe("/");
    expect(Object.fromEntries(asked)).toMatchObject({ response_type: "code", code_challenge_method: "S256", redirect_uri: callback });
    for (const name of ["state", "nonce", "code_challenge"]) expect(asked.get(name)?.length).toBeGreaterThan(20);
    expect((await caller.send("GET", "/api/v1/me")).body).toMatchObject({ user: { id: nora }, roles: ["sales_manager"] });
    expect((await accountTrail(setup, nora)).at(-1)).toMatchObject({ action: "sign_in", new_values: { method: "company" } });
    expect((await caller.send<{ data: unknown[] }>("GET", "/api/v1/me/sessions")).body.data).toMatchObject([{ method: "company" }]);

    person = { ...person, email: "nora.new@example.com" };
    const again = browser();
    expect((await throughProvider(again)).headers.get("location")).toBe("/");
    expect((await again.send("GET", "/api/v1/me")).body).toMatchObject({ user: { id: nora, email: "nora@example.com" } });
  });

  test("counts as a second factor where the role needs one: the provider has its own rules", async () => {
    await setup.client.query("update auth.account_settings set second_factor_roles = '{sales_manager}'");
    setup.auth.settings.forget();
    person = { sub: "n-1", email: "nora@example.com", email_verified: true, name: "Nora" };
    const caller = browser();
    await throughProvider(caller);
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(200);
    await setup.client.query("update auth.account_settings set second_factor_roles = '{}'");
    setup.auth.settings.forget();
  });

  test.each([
    [
      "an address that the provider did not verify",
      { sub: "n-2", email: "ned@example.com", email_verified: false, name: "Ned" },
      "account_not_linked",
    ],
    ["somebody who has no account", { sub: "x-1", email: "stranger@example.com", email_verified: true, name: "X" }, "signup_disabled"],
    [
      "an account that belongs to no employee",
      { sub: "r-1", email: "robot@example.com", email_verified: true, name: "R" },
      "NOT_AN_EMPLOYEE",
    ],
    ["an employee who left", { sub: "l-1", email: "lars@example.com", email_verified: true, name: "L" }, "NOT_AN_EMPLOYEE"],
  ])("keeps out %s", async (_who, claims, code) => {
    if (claims.email.startsWith("ned")) await setup.user("ned@example.com", ["sales_rep"], setup.company.employees.ned);
    if (claims.email.startsWith("robot")) await setup.user("robot@example.com", ["analyst"]);
    if (claims.email.startsWith("lars")) await setup.user("lars@example.com", ["sales_rep"], setup.company.employees.lars);
    person = claims;
    const caller = browser();
    const answer = await throughProvider(caller);
    expect(errorOf(answer)).toBe(code);
    expect(answer.headers.get("location")).toMatch(/^\/sign-in\?/);
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(401);
    const { rows } = await setup.client.query(`select count(*)::integer as linked from auth.account where "accountId" = $1`, [claims.sub]);
    expect(rows).toEqual([{ linked: 0 }]);
    expect((await accountTrail(setup)).at(-1)).toMatchObject({ action: "sign_in_failed", new_values: { method: "company" } });
  });

  test("a stopped account that was linked before stays out", async () => {
    person = { sub: "n-1", email: "nora@example.com", email_verified: true, name: "Nora" };
    await setup.client.query("update auth.holders set active = false where user_id = $1", [nora]);
    const caller = browser();
    expect(errorOf(await throughProvider(caller))).toBe("ACCOUNT_STOPPED");
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(401);
    await setup.client.query("update auth.holders set active = true where user_id = $1", [nora]);
  });

  test("another browser's answer, a changed state and a code used twice are refused", async () => {
    const [victim, attacker] = [browser(), browser()];
    const back = await signInAtProvider((await begin(attacker)).body.url);
    expect(errorOf(await comeBack(victim, back))).not.toBeNull();
    expect((await victim.send("GET", "/api/v1/me")).status).toBe(401);

    const forged = new URL(await signInAtProvider((await begin(attacker)).body.url));
    forged.searchParams.set("state", "x".repeat(32));
    expect(errorOf(await comeBack(attacker, forged))).not.toBeNull();

    const own = browser();
    const once = await signInAtProvider((await begin(own)).body.url);
    expect((await comeBack(own, once)).headers.get("location")).toBe("/");
    own.forget(/session/);
    expect(errorOf(await comeBack(own, once))).not.toBeNull();
    expect((await own.send("GET", "/api/v1/me")).status).toBe(401);
  });

  test("leads nowhere but to this site afterwards", async () => {
    const answer = await browser().send("POST", "/api/auth/sign-in/social", { provider: "company", callbackURL: "https://evil.example/" });
    expect(answer.status).toBe(403);
  });
});

test("a provider that was down when the company started is found once it is up", async () => {
  const port = (server.address() as AddressInfo).port;
  await close(server);
  const late = await createTestAuth({ oidc: { issuer, clientId: "kehu", clientSecret: "a secret of the two" } });
  try {
    await late.user("nora@example.com", ["sales_manager"], late.company.employees.nora);
    const caller = createBrowsers(late)();
    expect((await begin(caller)).status).toBe(404);
    server = await listen((request, response) => serveProvider(request, response), port);
    person = { sub: "n-1", email: "nora@example.com", email_verified: true, name: "Nora" };
    await expect.poll(async () => (await begin(caller)).status, { timeout: 20_000, interval: 250 }).toBe(200);
    expect((await throughProvider(caller)).headers.get("location")).toBe("/");
  } finally {
    await late.close();
  }
});
