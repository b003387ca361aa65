import { setTimeout as pause } from "node:timers/promises";
import { eventually, position, type Session } from "../stack.ts";

/** Whom the receipts are from and credited to. */
export interface Company {
  customer: string;
  owner: string;
}

export async function foundCompany(session: Session): Promise<Company> {
  const post = (path: string, body: object): Promise<{ id: string }> =>
    session.json(`/api/v1/${path}`, { method: "POST", body: JSON.stringify(body) });
  const department = await post("departments", { name: "Proving ground" });
  const owner = await post("employees", { name: "Tester", department_id: department.id });
  const customer = await post("customers", { name: "Proving customer", owner_id: owner.id });
  return { customer: customer.id, owner: owner.id };
}

const receipt = (number: string, { customer, owner }: Company): object => ({
  number,
  customer_id: customer,
  owner_id: owner,
  amount: "1.00",
});

const batchSize = 10_000;
export const stockPrefix = "stock";

/** Receipts that are there from the start, so that an export takes its time. Gives the LSN that states them. */
export async function stockReceipts(session: Session, company: Company, count: number): Promise<string> {
  let lsn = "0/0";
  for (let first = 0; first < count; first += batchSize) {
    const numbers = Array.from({ length: Math.min(batchSize, count - first) }, (_, index) => `${stockPrefix}-${first + index}`);
    const body = JSON.stringify({ records: numbers.map((number) => receipt(number, company)) });
    const response = await session.fetch("/api/v1/receipts/batch", { method: "POST", body });
    if (response.status !== 201) throw new Error(`POST receipts/batch: ${response.status} ${await response.text()}`);
    lsn = response.headers.get("kehu-commit") ?? lsn;
  }
  return lsn;
}

/** The receipts of one writer, in the order written: number n is `<prefix>-<n>`. */
export interface Written {
  prefix: string;
  /** How many were sent. */
  sent: number;
  /** Per answered receipt a position by which it was committed. */
  commits: bigint[];
  /** The LSN that states all answered ones. */
  lsn: string;
}

/**
 * Posts receipts one after the other until told to stop, each under a key of its own, each retried under the same key until it is answered:
 * every key must end as exactly one receipt.
 */
export async function keepWriting(options: {
  session: Session;
  company: Company;
  written: Written;
  stopped: () => boolean;
  /** How long an answer may take, restarts included. */
  patienceMs: number;
}): Promise<void> {
  const { session, company, written, stopped, patienceMs } = options;
  while (!stopped()) {
    const key = `${written.prefix}-${written.sent}`;
    const body = JSON.stringify(receipt(key, company));
    written.sent += 1;
    written.lsn = await eventually(
      `an answer to ${key}`,
      async () => {
        const response = await session.fetch("/api/v1/receipts", { method: "POST", body, headers: { "idempotency-key": key } });
        if (response.status === 201) return response.headers.get("kehu-commit");
        if (response.status < 500) throw new Error(`POST receipts: ${response.status} ${await response.text()}`);
        return null; // the process is coming back
      },
      patienceMs,
    );
    written.commits.push(position(written.lsn));
    await pause(10);
  }
}
