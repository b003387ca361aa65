import type { Principal } from "@kehu/operational-api";
import { expect, test } from "vitest";
import { createLiveChannel } from "./live-channel.ts";
import { createServed } from "./served.ts";

const principal = { subject: "a", scope: { version: "v" } } as Principal;
const start = () => {
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
  const authenticate = (request: Request): Promise<Principal | null> => Promise.resolve(request.headers.has("x-caller") ? principal : null);
  return { app: createLiveChannel({ served: counted, authenticate }), listening: () => listening };
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
  const { app, listening } = start();
  const answer = await app.request("/api/live", { headers: { "x-caller": "a" } });
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
