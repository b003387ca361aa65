import { randomBytes } from "node:crypto";

let last = 0n;

/**
 * A UUIDv7 at `now`. Given by us rather than by Postgres, so that a batch knows its rows' ids before it writes their events and children.
 * Ascending within this process, also when the clock stands still or goes back.
 */
export const newId = (now: Date = new Date()): string => {
  // 48 bits of milliseconds followed by 12 bits that count within the millisecond.
  const wanted = BigInt(now.getTime()) << 12n;
  last = wanted > last ? wanted : last + 1n;
  const random = randomBytes(8);
  const tail = (random.readBigUInt64BE() & 0x3fff_ffff_ffff_ffffn) | 0x8000_0000_0000_0000n;
  const head = ((last >> 12n) << 16n) | 0x7000n | (last & 0xfffn);
  const hex = head.toString(16).padStart(16, "0") + tail.toString(16).padStart(16, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
