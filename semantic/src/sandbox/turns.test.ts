import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

const never = new AbortController().signal;

test("who has the fewest turns is next, then who has waited longest; who gives up is not", async () => {
  const turns = createTurns(2);
  const order: string[] = [];
  const [first, second] = [await turns.take("ann", never), await turns.take("ann", never)];
  const leaving = new AbortController();
  const take = (user: string, name: string, signal = never): Promise<() => void> =>
    turns.take(user, signal).then((giveBack) => {
      order.push(name);
      return giveBack;
    });
  const third = take("ann", "ann's third");
  const gone = take("ben", "ben's", leaving.signal);
  const cleo = take("cleo", "cleo's");
  const dora = take("dora", "dora's");
  leaving.abort(new Error("left"));
  await expect(gone).rejects.toThrow("left");
  first();
  (await cleo)();
  (await dora)();
  (await third)();
  second();
  expect(order).toEqual(["cleo's", "dora's", "ann's third"]);
  // All are given back: two go on at once.
  await Promise.all([take("ben", "ben's", never), take("ben", "ben's second", never)]);
});
