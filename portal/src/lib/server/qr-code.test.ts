import { expect, it } from "vitest";
import { qrPicture } from "./qr-code.ts";

const address = "otpauth://totp/Kehu:nora%40example.com?secret=MZXW6YTBOI2UGQSRNZXW6YTBOI&issuer=Kehu&digits=6&period=30";

const modulesOf = ({ size, path }: { size: number; path: string }): boolean[][] => {
  const modules = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [, x = "", y = ""] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) modules[Number(y)]![Number(x)] = true;
  return modules;
};

it("a QR code has its three finders, its timing and a light margin, and another text another picture", () => {
  const modules = modulesOf(qrPicture(address));
  const inner = modules.slice(4, -4).map((row) => row.slice(4, -4));
  expect(modules.flat().filter(Boolean).length).toBe(inner.flat().filter(Boolean).length);
  expect((inner.length - 17) % 4).toBe(0);
  const finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"];
  const corner = (top: number, left: number): string[] =>
    inner.slice(top, top + 7).map((row) =>
      row
        .slice(left, left + 7)
        .map((isDark) => (isDark ? "1" : "0"))
        .join(""),
    );
  const far = inner.length - 7;
  for (const [top, left] of [
    [0, 0],
    [0, far],
    [far, 0],
  ] as const)
    expect(corner(top, left)).toEqual(finder);
  expect(corner(far, far)).not.toEqual(finder);
  expect(inner[6]!.slice(8, -8).every((isDark, index) => isDark === (index % 2 === 0))).toBe(true);
  expect(qrPicture(`${address}0`).path).not.toBe(qrPicture(address).path);
});
