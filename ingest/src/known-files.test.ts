import { open, rm, mkdtemp, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, property, uint8Array } from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recall, remember, tagOf } from "./known-files.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "kehu-known-"));
});
afterEach(() => rm(dir, { recursive: true }));

test("equal bytes have one tag, others another: one bit, two words that change places, more zeros at the end", () => {
  assert(
    property(uint8Array({ minLength: 1, maxLength: 5000 }), uint8Array({ minLength: 1, maxLength: 5000 }), (one, other) => {
      expect(tagOf(Buffer.from(one)).equals(tagOf(Buffer.from(other)))).toBe(Buffer.from(one).equals(Buffer.from(other)));
      expect(tagOf(Buffer.from(one))).toEqual(tagOf(Buffer.from(one)));
    }),
    { seed: 20261123 },
  );
  const block = Buffer.alloc(1 << 18, "客户");
  const others = [
    Buffer.from(block),
    Buffer.concat([block.subarray(16, 32), block.subarray(0, 16), block.subarray(32)]),
    block.subarray(1),
  ];
  others[0]![200_000]! ^= 1;
  for (const other of [...others, Buffer.concat([block, Buffer.alloc(1)])]) expect(tagOf(other)).not.toEqual(tagOf(block));
});

test("what was written to since is not known, nor what was asked for once", async () => {
  const file = join(dir, "file");
  const handle = await open(file, "w+");
  try {
    await handle.write("some");
    const tags = [tagOf(Buffer.from("some"))];
    remember(await handle.stat({ bigint: true }), tags);
    expect(recall(await handle.stat({ bigint: true }))).toBe(tags);
    expect(recall(await handle.stat({ bigint: true }))).toBeNull();
    remember(await handle.stat({ bigint: true }), tags);
    await utimes(file, 1, 1);
    expect(recall(await handle.stat({ bigint: true }))).toBeNull();
  } finally {
    await handle.close();
  }
});
