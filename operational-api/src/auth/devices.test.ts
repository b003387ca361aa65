import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestAuth, type TestAuth } from "./testing.ts";
import { accountTrail, createBrowsers, type TestBrowser } from "./testing-browser.ts";

/** A mail server that takes what it is given (RFC 5321, as much as a client needs). */
interface MailServer {
  port: number;
  letters: { to: string; text: string }[];
  close(): Promise<void>;
}

async function startMailServer(): Promise<MailServer> {
  const letters: MailServer["letters"] = [];
  const talk = (socket: Socket): void => {
    let to = "";
    let data: string[] | null = null;
    let rest = "";
    const answer = (line: string): void => void socket.write(`${line}\r\n`);
    answer("220 test");
    socket.on("data", (chunk) => {
      const lines = (rest + chunk.toString("utf8")).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (data) {
          if (line !== ".") data.push(line);
          else {
            const [, ...body] = data.join("\n").split("\n\n");
            const encoding = /^content-transfer-encoding: (\S+)/im.exec(data.join("\n"))?.[1];
            const text = body.join("\n\n");
            letters.push({ to, text: encoding === "base64" ? Buffer.from(text, "base64").toString("utf8") : readable(text) });
            data = null;
            answer("250 taken");
          }
        } else if (/^RCPT TO/i.test(line)) {
          to = /<([^>]+)>/.exec(line)?.[1] ?? "";
          answer("250 ok");
        } else if (/^DATA/i.test(line)) {
          data = [];
          answer("354 go on");
        } else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
        else answer("250 ok");
      }
    });
  };
  const server: Server = createServer(talk);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    letters,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const readable = (text: string): string =>
  text.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

let mail: MailServer;
let setup: TestAuth;
let browser: ReturnType<typeof createBrowsers>;
let admin: TestBrowser;
let ned: string;

interface Devices {
  data: { id: string; name: string; state: string }[];
}
const devices = async (): Promise<Devices["data"]> => (await admin.send<Devices>("GET", `/api/v1/users/${ned}/devices`)).body.data;
const letterTo = async (address: string, from: number, about = ""): Promise<string> => {
  // Letters are on their way beside the answer: an earlier one may still come in.
  const wanted = (): typeof mail.letters => mail.letters.slice(from).filter(({ to, text }) => to === address && text.includes(about));
  await expect.poll(() => wanted().length, { timeout: 10_000, interval: 20 }).toBe(1);
  return wanted()[0]?.text ?? "";
};
const tokenIn = (letter: string): string => /token=([\w-]+)/.exec(letter)?.[1] ?? "";

beforeAll(async () => {
  mail = await startMailServer();
  setup = await createTestAuth({ smtpUrl: `smtp://127.0.0.1:${mail.port}?from=crm@example.com` });
  browser = createBrowsers(setup);
  ned = await setup.user("ned@example.com", ["sales_rep"], setup.company.employees.ned);
  await setup.user("root@example.com", ["administrator"]);
  admin = browser();
  await admin.signIn("root@example.com");
});
afterAll(async () => {
  await setup.close();
  await mail.close();
});

describe("O18 an account bound to devices", () => {
  test("is used from the browsers it has; the right password elsewhere gives no session", async () => {
    const office = browser("198.51.100.1");
    await office.signIn("ned@example.com");
    expect((await admin.send("PATCH", `/api/v1/users/${ned}`, { is_device_bound: true })).body).toMatchObject({ is_device_bound: true });
    const [known] = await devices();
    expect(known).toMatchObject({ state: "known", name: "Chrome, Windows" });

    // Known is not admitted: an administrator says which of the browsers used so far stay.
    const before = await office.signIn("ned@example.com");
    expect(before).toMatchObject({ status: 403, body: { code: "DEVICE_NOT_ADMITTED" } });
    await admin.send("PATCH", `/api/v1/users/${ned}/devices/${known?.id}`, { is_admitted: true, name: "Ned's desk" });
    expect((await office.signIn("ned@example.com")).status).toBe(200);

    const elsewhere = browser("203.0.113.1", "Mozilla/5.0 (Android 16) Firefox/150.0");
    expect(await elsewhere.signIn("ned@example.com")).toMatchObject({ status: 403, body: { code: "DEVICE_NOT_ADMITTED" } });
    expect((await elsewhere.send("GET", "/api/v1/me")).status).toBe(401);
    expect(await devices()).toMatchObject([
      { state: "waiting", name: "Firefox, Android" },
      { state: "admitted", name: "Ned's desk" },
    ]);
    const { rows } = await setup.client.query(
      `select count(*)::integer as open from auth.session where "userId" = $1 and "ipAddress" = '203.0.113.1'`,
      [ned],
    );
    expect(rows).toEqual([{ open: 0 }]);
    expect((await accountTrail(setup, ned)).map(({ action }) => action)).toContain("device_waiting");
  });

  test("lets a browser in that its owner admits by a link in a letter, once", async () => {
    const from = mail.letters.length;
    const phone = browser("203.0.113.2", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Safari/605.1");
    expect((await phone.signIn("ned@example.com")).status).toBe(403);
    const token = tokenIn(await letterTo("ned@example.com", from, "Safari, iOS"));
    expect((await browser().send("POST", "/api/v1/device-links", { token }, { origin: "https://evil.example" })).status).toBe(403);
    expect((await browser().send("POST", "/api/v1/device-links", { token: `${token}x` })).status).toBe(404);
    expect((await browser().send("POST", "/api/v1/device-links", { token })).status).toBe(204);
    expect((await phone.signIn("ned@example.com")).status).toBe(200);
    expect((await browser().send("POST", "/api/v1/device-links", { token })).status).toBe(404);
    expect(
      (await accountTrail(setup, ned)).find(({ action, new_values }) => action === "device_admitted" && new_values["by"] === "link"),
    ).toBeDefined();
  });

  test("loses a device, and the session on it at once, when an administrator takes it away; somebody else's cookie does not help", async () => {
    const phone = browser("203.0.113.3", "Mozilla/5.0 (Macintosh; Mac OS X) Safari/605.1");
    await phone.signIn("ned@example.com");
    const lost = (await devices()).find(({ name }) => name === "Safari, macOS");
    await admin.send("PATCH", `/api/v1/users/${ned}/devices/${lost?.id}`, { is_admitted: true });
    expect((await phone.signIn("ned@example.com")).status).toBe(200);
    expect((await admin.send("DELETE", `/api/v1/users/${ned}/devices/${lost?.id}`)).status).toBe(204);
    expect((await phone.send("GET", "/api/v1/me")).status).toBe(401);
    expect((await phone.signIn("ned@example.com")).status).toBe(403);
    // The administrator's browser is known, but not to this account.
    expect((await admin.signIn("ned@example.com")).status).toBe(403);
    await admin.signIn("root@example.com");
  });
});

describe("O18 a password link by mail", () => {
  test("comes to whoever has an account; the answer is the same for anybody", async () => {
    const from = mail.letters.length;
    const ask = (email: string, address: string) => browser(address).send("POST", "/api/auth/request-password-reset", { email });
    const [there, nowhere] = [await ask("ned@example.com", "198.51.100.20"), await ask("nobody@example.com", "198.51.100.21")];
    expect(there).toMatchObject({ status: 200 });
    expect({ status: nowhere.status, body: nowhere.body }).toEqual({ status: there.status, body: there.body });
    const token = tokenIn(await letterTo("ned@example.com", from));
    const answer = await browser().send("POST", "/api/auth/reset-password", { token, newPassword: "a phrase that came by mail" });
    expect(answer.status).toBe(200);
    expect(mail.letters.slice(from)).toHaveLength(1);
  });

  test("can't be asked for without end, by address or for one account", async () => {
    await setup.client.query("delete from auth.attempts");
    const from = mail.letters.length;
    const statuses: number[] = [];
    for (let index = 0; index < 8; index++) {
      statuses.push(
        (await browser(`198.51.100.${50 + index}`).send("POST", "/api/auth/request-password-reset", { email: "ned@example.com" })).status,
      );
    }
    expect(statuses.slice(0, 3)).toEqual([200, 200, 200]);
    expect(statuses.slice(3)).toEqual([429, 429, 429, 429, 429]);
    await expect.poll(() => mail.letters.length - from, { timeout: 10_000, interval: 20 }).toBe(3);
    const one: number[] = [];
    for (let index = 0; index < 5; index++) {
      one.push(
        (await browser("198.51.100.90").send("POST", "/api/auth/request-password-reset", { email: `person-${index}@example.com` })).status,
      );
    }
    expect(one.slice(3)).toEqual([429, 429]);
  });
});

test("without mail the same request is refused with what to do", async () => {
  const other = await createTestAuth();
  try {
    const answer = await createBrowsers(other)().send("POST", "/api/auth/request-password-reset", { email: "ned@example.com" });
    expect(answer).toMatchObject({ status: 400, body: { code: "RESET_PASSWORD_DISABLED" } });
    expect((await createBrowsers(other)().send("GET", "/api/auth/ways")).body).toEqual({
      company: false,
      mail: false,
      password_length: 12,
    });
  } finally {
    await other.close();
  }
});
