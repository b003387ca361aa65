import { encode } from "uqr";
import type { QrPicture } from "#lib/second-factor.ts";

/** Light modules around the code, as the standard asks for. */
const quietZone = 4;

/** The QR code of a text, made here so that the secret in it reaches nobody else; one square of the path per dark module. */
export function qrPicture(text: string): QrPicture {
  const { size, data } = encode(text, { ecc: "M", border: quietZone });
  const squares = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return { size, path: squares.join("") };
}
