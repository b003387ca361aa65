import { crc32, inflateRawSync } from "node:zlib";

/** A workbook's parts by their name in the archive ("xl/worksheets/sheet2.xml"). */
export type WorkbookParts = ReadonlyMap<string, string>;

const endSignature = 0x0605_4b50;
const entrySignature = 0x0201_4b50;
const localSignature = 0x0403_4b50;
const endLength = 22;
const deflated = 8;

/**
 * Takes a workbook apart by its central directory. Throws, saying what is missing, unless it is whole: the directory ends the file,
 * every entry it names is there, and unpacks to the length and the checksum it states.
 */
export function openWorkbook(file: Buffer): WorkbookParts {
  const end = file.length - endLength;
  if (end < 0 || file.readUInt32LE(end) !== endSignature) throw new Error(`${file.length} bytes without a central directory at their end`);
  const parts = new Map<string, string>();
  const count = file.readUInt16LE(end + 10);
  let at = file.readUInt32LE(end + 16);
  if (at + file.readUInt32LE(end + 12) !== end) throw new Error("the central directory is not where its end says");
  for (let index = 0; index < count; index++) {
    if (file.readUInt32LE(at) !== entrySignature) throw new Error(`entry ${index + 1} of ${count} is not in the central directory`);
    const [method, crc, packed, size] = [
      file.readUInt16LE(at + 10),
      file.readUInt32LE(at + 16),
      file.readUInt32LE(at + 20),
      file.readUInt32LE(at + 24),
    ];
    const nameEnd = at + 46 + file.readUInt16LE(at + 28);
    const name = file.toString("utf8", at + 46, nameEnd);
    const local = file.readUInt32LE(at + 42);
    if (file.readUInt32LE(local) !== localSignature) throw new Error(`${name} is not where the central directory says`);
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const body = file.subarray(start, start + packed);
    const content = method === deflated ? inflateRawSync(body) : body;
    if (content.length !== size || crc32(content) !== crc) throw new Error(`${name} does not unpack to what the central directory states`);
    parts.set(name, content.toString("utf8"));
    at = nameEnd + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return parts;
}

/** All texts of a workbook together, to look for a word in. */
export const workbookText = (file: Buffer): string => [...openWorkbook(file).values()].join("\n");
