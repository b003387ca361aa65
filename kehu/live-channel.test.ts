import type { Principal } from "@kehu/operational-api";
import { expect, test } from "vitest";
import { createLiveChannel } from "./live-channel.ts";
import { createServed } from "./served.ts";

const start = (limits?: { perUser: number; inAll: number }) => {
  const served = createServed();
  served.set({
    build: "b1",
    lsn: "0/1",
    freshTo: "2026-07-15T04:00:00Z",
    finishedAt: "2026-07-15T04:00:01Z",
    failedTests: 0,
    changed: ["fct_orders"],
  });
  let listening = 0;
  const counted = {
    ...served,
    onChange: (listener: () => void) => {
      listening += 1;
      const stop = served.onChange(listener);
      return () => {
        listening -= 1;
        stop();
      };
    },
  };
  const authenticate = (request: Request): Promise<Principal | null> => {
    const caller = request.headers.get("x-caller");
    return Promise.resolve(caller === null ? null : ({ userId: caller, subject: caller, scope: { version: "v" } } as Principal));
  };
  const app = createLiveChannel({ served: counted, authenticate, ...(limits && { limits }) });
  const follow = async (caller: string): Promise<Response> => app.request("/api/live", { headers: { "x-caller": caller } });
  return { app, follow, listening: () => listening };
};

test("who is not signed in gets a problem document that says how to", async () => {
  const answer = await start().app.request("/api/live");
  expect([answer.status, answer.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
  expect(await answer.json()).toMatchObject({
    status: 401,
    errors: [],
    detail: expect.stringContaining("/api/auth/sign-in/email") as string,
  });
});

test("a stream begins with where things stand, and leaves nothing behind when its reader goes", async () => {
  const { follow, listening } = start();
  const answer = await follow("a");
  const reader = answer.body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toContain('"build":"b1"');
  expect(listening()).toBe(1);
  await reader.cancel();
  await expect.poll(listening).toBe(0);
});

test("HEAD, which nobody reads on from, follows nothing", async () => {
  const { app, listening } = start();
  const answer = await app.request("/api/live", { method: "HEAD", headers: { "x-caller": "a" } });
  expect([answer.status, answer.headers.get("content-type"), listening()]).toEqual([200, "text/event-stream", 0]);
});

test.each([
  [
    "a user",
    { perUser: 2, inAll: 9 },
    "a",
    "you have 2 event streams open, as many as there may be; close one, or ask again in 30 seconds",
  ],
  [
    "all users",
    { perUser: 9, inAll: 2 },
    "b",
    "all users together have 2 event streams open, as many as there may be; ask again in 30 seconds",
  ],
])("%s may have so many streams, and one more when one ends", async (_who, limits, next, detail) => {
  const { follow, listening } = start(limits);
  const [first, second] = [await follow("a"), await follow("a")];
  const refused = await follow(next);
  expect([refused.status, refused.headers.get("content-type"), refused.headers.get("retry-after")]).toEqual([
    429,
    "application/problem+json",
    "30",
  ]);
  expect(await refused.json()).toMatchObject({ status: 429, detail });
  await first.body!.cancel();
  await expect.poll(listening).toBe(1);
  const third = await follow(next);
  expect(third.status).toBe(200);
  expect((await follow(next)).status).toBe(429);
  await Promise.all([second.body!.cancel(), third.body!.cancel()]);
  await expect.poll(listening).toBe(0);
});

test("one user's streams leave places to others", async () => {
  const { follow } = start({ perUser: 1, inAll: 9 });
  const answers = [await follow("a"), await follow("a"), await follow("b")];
  expect(answers.map(({ status }) => status)).toEqual([200, 429, 200]);
  await Promise.all([answers[0]?.body?.cancel(), answers[2]?.body?.cancel()]);
});
