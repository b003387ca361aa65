import type { Session } from "../../tests/stack.ts";

/** Each takes minutes of a processor: one reads nothing, the other every pair of order lines. */
const longStatements = [
  "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3",
  "select count(*) from fct_order_lines a, fct_order_lines b where (a.amount * b.quantity) % 7 = 3",
];
/** Holds all its texts at once, which is more than anybody may. */
export const exhausting = "select length(list(range || 'some text that fills memory')::varchar) from range(20000000)";

const post = (session: Session, body: object): Promise<Response> =>
  session.fetch("/api/sql", { method: "POST", body: JSON.stringify(body) });

export interface Crowd {
  /** What the exhausting statement is told. */
  exhaust(): Promise<{ status: number; detail: string }>;
  /** Cancels what runs; gives how the statements ended before that, which is none of them when all is well. */
  leave(): Promise<number[]>;
}

/** Each person runs one long statement; resolves once all of them run. */
export async function gatherCrowd(people: readonly Session[]): Promise<Crowd> {
  const ended: number[] = [];
  let leaving = false;
  const statements = people.map((session, index) => {
    const id = `crowd-${String(index).padStart(4, "0")}`;
    const answered = post(session, { sql: longStatements[index % longStatements.length], id }).then(({ status }) =>
      leaving ? undefined : ended.push(status),
    );
    return { session, id, answered };
  });
  for (const { session, id } of statements) {
    // In the same process: with its answer, the process and what it copies are there.
    const other = await post(session, { sql: "select count(*) from fct_order_lines" });
    if (!other.ok) throw new Error(`a statement beside ${id}: ${other.status} ${await other.text()}`);
    // A second one of the same id is refused as long as the first one is there.
    const second = await post(session, { sql: "select 1", id });
    if (second.status !== 422) throw new Error(`the statement ${id} does not run: ${second.status} ${await second.text()}`);
  }
  return {
    exhaust: async () => {
      const answer = await post(people[0]!, { sql: exhausting });
      return { status: answer.status, detail: answer.ok ? "" : ((await answer.json()) as { detail: string }).detail };
    },
    leave: async () => {
      leaving = true;
      const before = [...ended];
      for (const { session, id, answered } of statements) {
        await session.fetch(`/api/sql/${id}`, { method: "DELETE" });
        await answered;
      }
      return before;
    },
  };
}
