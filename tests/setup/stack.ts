import type { TestProject } from "vitest/node";
import { startStack } from "../stack.ts";

declare module "vitest" {
  interface ProvidedContext {
    stack: { url: string; dataDir: string };
    administrator: { email: string; password: string };
  }
}

/** One whole Kehu with its demo company, started as a user starts it, for all end-to-end tests of a run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const administrator = { email: "admin@kehu.example", password: "end-to-end-administrator" };
  const stack = await startStack({
    env: { KEHU_ADMIN_EMAIL: administrator.email, KEHU_ADMIN_PASSWORD: administrator.password, KEHU_PUBLISH_SECONDS: "0.5" },
  });
  project.provide("stack", { url: stack.url, dataDir: stack.dataDir });
  project.provide("administrator", administrator);
  return () => stack.stop();
}
