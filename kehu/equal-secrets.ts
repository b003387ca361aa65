import { timingSafeEqual } from "node:crypto";

/** Compares without telling by its time how much was right. */
export function equalSecrets(given: string | null | undefined, expected: string): boolean {
  if (!given) return false;
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
