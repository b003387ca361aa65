import { setTimeout as pause } from "node:timers/promises";
import { signIn, startStack, untilFresh } from "../tests/stack.ts";
import { percentile, timed, type Benchmark } from "./benchmark.ts";

const limitMs = 3_000;
const runs = 200;
/** A write every so often, so that writes fall on every moment of the publish interval. */
const everyMs = 370;

/** From the API's answer to a write until the published snapshot states its LSN, on the default demo company, the write and its publish among others'. */
const freshness: Benchmark = {
  names: ["publish.freshness"],
  run: async ({ scale }) => {
    const administrator = { email: "bench@kehu.example", password: "bench-administrator" };
    const stack = await startStack({ env: { KEHU_ADMIN_EMAIL: administrator.email, KEHU_ADMIN_PASSWORD: administrator.password } });
    try {
      const admin = await signIn(stack, administrator.email, administrator.password);
      const { data } = await admin.json<{ data: { id: string; owner_id: string | null }[] }>("/api/v1/customers?limit=500");
      const customers = data.filter((customer) => customer.owner_id);
      const waits: Promise<number>[] = [];
      for (let run = 0; run < runs; run++) {
        const customer = customers[run % customers.length];
        if (!customer) throw new Error("the demo company has no owned customer");
        const body = JSON.stringify({ number: `BENCH-${run}`, customer_id: customer.id, owner_id: customer.owner_id, amount: "1.00" });
        const response = await admin.fetch("/api/v1/receipts", { method: "POST", body });
        const lsn = response.headers.get("kehu-commit");
        if (response.status !== 201 || !lsn) throw new Error(`POST receipts: ${response.status} ${await response.text()}`);
        const writtenAt = performance.now();
        waits.push(untilFresh(stack, lsn).then(() => performance.now() - writtenAt));
        await pause(everyMs);
      }
      return [timed("publish.freshness", percentile(await Promise.all(waits), 0.95), "limit", limitMs, scale, runs)];
    } finally {
      await stack.stop();
    }
  },
};

export default [freshness];
