/**
 * Exact decimal arithmetic on the strings the semantic layer sends ("1234.50"), for ratios, signs and rounding.
 * A `Decimal` is `units / 10 ** scale`.
 */
export interface Decimal {
  units: bigint;
  scale: number;
}

const pattern = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Reads "12.50", "-3", 42 or "1.5e-7"; null for null, undefined, "" and whatever is not a finite number. */
export function parseDecimal(value: string | number | null | undefined): Decimal | null {
  if (value === null || value === undefined) return null;
  const match = pattern.exec(String(value).trim());
  if (!match) return null;
  const [, sign, whole = "0", fraction = "", exponent = "0"] = match;
  const units = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

/** `units` divided by `divisor`, rounded half away from zero. */
function divideRounded(units: bigint, divisor: bigint): bigint {
  const negative = units < 0n !== divisor < 0n;
  const top = units < 0n ? -units : units;
  const bottom = divisor < 0n ? -divisor : divisor;
  const rounded = (top * 2n + bottom) / (bottom * 2n);
  return negative ? -rounded : rounded;
}

/** The value at `scale` places, rounded half away from zero. */
export function rescale(value: Decimal, scale: number): Decimal {
  if (value.scale <= scale) return { units: value.units * 10n ** BigInt(scale - value.scale), scale };
  return { units: divideRounded(value.units, 10n ** BigInt(value.scale - scale)), scale };
}

export function subtract(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale);
  return { units: rescale(left, scale).units - rescale(right, scale).units, scale };
}

/** `left / right` at `scale` places; null when `right` is zero. */
export function divide(left: Decimal, right: Decimal, scale = 6): Decimal | null {
  if (right.units === 0n) return null;
  const common = Math.max(left.scale, right.scale);
  return { units: divideRounded(rescale(left, common).units * 10n ** BigInt(scale), rescale(right, common).units), scale };
}

export function toText({ units, scale }: Decimal): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const sign = units < 0n ? "-" : "";
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
