import type { MissingReason } from "#lib/tile-data.ts";
import { divide, parseDecimal, subtract, toText } from "#lib/decimal.ts";

export interface Ratio {
  /** Decimal text with six places, 0.1 = 10 %; null with a reason. */
  value: string | null;
  reason: MissingReason | null;
}

/** Growth of `now` over `base`: (now - base) / |base|. Without a base, or with a base of zero, there is no growth to speak of. */
export function growth(now: string | null, base: string | null): Ratio {
  const top = parseDecimal(now);
  const bottom = parseDecimal(base);
  if (!top) return { value: null, reason: "no-value" };
  if (!bottom || bottom.units === 0n) return { value: null, reason: "no-base" };
  const size = { units: bottom.units < 0n ? -bottom.units : bottom.units, scale: bottom.scale };
  const ratio = divide(subtract(top, bottom), size);
  return { value: ratio && toText(ratio), reason: null };
}

/** Difference of two ratios in percentage points, as a ratio text: 0.05 = 5 pp. For rates growth would mislead. */
export function pointsChange(now: string | null, base: string | null): Ratio {
  const top = parseDecimal(now);
  const bottom = parseDecimal(base);
  if (!top) return { value: null, reason: "no-value" };
  if (!bottom) return { value: null, reason: "no-base" };
  return { value: toText(subtract(top, bottom)), reason: null };
}

/** `actual / target`. */
export function attainment(actual: string | null, target: string | null): Ratio {
  const bottom = parseDecimal(target);
  if (!bottom || bottom.units === 0n) return { value: null, reason: "no-target" };
  const top = parseDecimal(actual) ?? { units: 0n, scale: 0 };
  const ratio = divide(top, bottom);
  return { value: ratio && toText(ratio), reason: null };
}
