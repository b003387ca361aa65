/** Decimal arithmetic on strings by BigInt: exact, rounding half away from zero as Postgres's numeric does. Never through a float. */

/** Digits after the point of each decimal column type. */
export const scales = { money: 2, quantity: 4, rate: 8 } as const;
export type DecimalType = keyof typeof scales;

/** `toScaled("12.5", 4)` is 125000n. The text must be a plain decimal with at most `scale` places. */
export const toScaled = (text: string, scale: number): bigint => {
  const negative = text.startsWith("-");
  const [whole = "0", fraction = ""] = (negative ? text.slice(1) : text).split(".");
  if (fraction.length > scale) throw new RangeError(`"${text}" has more than ${scale} decimal places`);
  const digits = BigInt(whole + fraction.padEnd(scale, "0"));
  return negative ? -digits : digits;
};

/** `fromScaled(125000n, 4)` is "12.5000". */
export const fromScaled = (value: bigint, scale: number): string => {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${text}` : text;
};

/** Drops `places` digits from the right, half away from zero. */
const roundAway = (value: bigint, places: number): bigint => {
  const unit = 10n ** BigInt(places);
  const half = unit / 2n;
  return value < 0n ? -((-value + half) / unit) : (value + half) / unit;
};

/** The one spelling of a decimal that Postgres also gives back: "1200" as money is "1200.00", "-0" is "0.00". */
export const canonicalDecimal = (text: string, type: DecimalType): string => fromScaled(toScaled(text, scales[type]), scales[type]);

/** round(a × b, 2) of two decimals with the given types. */
export const productAsMoney = (left: string, leftType: DecimalType, right: string, rightType: DecimalType): string =>
  fromScaled(
    roundAway(toScaled(left, scales[leftType]) * toScaled(right, scales[rightType]), scales[leftType] + scales[rightType] - scales.money),
    scales.money,
  );

/** round(quantity × unit price × (1 − discount rate), 2) */
export const lineAmount = (quantity: string, unitPrice: string, discountRate: string): string => {
  const share = 10n ** BigInt(scales.rate) - toScaled(discountRate, scales.rate);
  const exact = toScaled(quantity, scales.quantity) * toScaled(unitPrice, scales.money) * share;
  return fromScaled(roundAway(exact, scales.quantity + scales.rate), scales.money);
};

export const sumOfMoney = (amounts: readonly string[]): string =>
  fromScaled(
    amounts.reduce((total, amount) => total + toScaled(amount, scales.money), 0n),
    scales.money,
  );

/** Negative when `left` is smaller, 0 when equal, positive when greater. Any number of places. */
export const compareDecimals = (left: string, right: string): number => {
  const scale = Math.max(left.split(".")[1]?.length ?? 0, right.split(".")[1]?.length ?? 0);
  const difference = toScaled(left, scale) - toScaled(right, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};
