import { crc32, createDeflateRaw } from "node:zlib";

export interface ZipPart {
  name: string;
  content: Iterable<string> | AsyncIterable<string>;
}

const pieceBytes = 64 * 1024;
const mostBytes = 0xffff_ffff;
// Deflate; sizes stand behind the data, names are UTF-8; a fixed date (1980-01-01) keeps equal archives equal.
const fixed = { version: 20, flags: 0x0808, method: 8, date: 0x0021 };

/** The fields that a part's own header and its directory entry share. */
const described = (crc: number, packed: number, size: number, nameLength: number): Buffer => {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(fixed.version, 0);
  fields.writeUInt16LE(fixed.flags, 2);
  fields.writeUInt16LE(fixed.method, 4);
  fields.writeUInt16LE(fixed.date, 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(packed, 14);
  fields.writeUInt32LE(size, 18);
  fields.writeUInt16LE(nameLength, 22);
  return fields;
};

const words = (...values: number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeUInt32LE(value, index * 4);
  return buffer;
};

async function* inPieces(content: ZipPart["content"]): AsyncGenerator<Buffer> {
  let text = "";
  for await (const part of content) {
    text += part;
    if (text.length < pieceBytes) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text) yield Buffer.from(text);
}

/** A zip archive piece by piece; a part's content is asked for when its turn comes. Throws beyond 4 GiB. */
export async function* zipBytes(parts: Iterable<ZipPart>): AsyncGenerator<Uint8Array> {
  const directory: Buffer[] = [];
  let offset = 0;
  for (const part of parts) {
    const name = Buffer.from(part.name);
    let [crc, size, packed] = [0, 0, 0];
    const header = Buffer.concat([words(0x04034b50), described(0, 0, 0, name.length), name]);
    yield header;
    const packer = createDeflateRaw({ level: 1 }); // a tenth more bytes for a third of the time
    const feeding = (async () => {
      for await (const piece of inPieces(part.content)) {
        crc = crc32(piece, crc);
        size += piece.length;
        if (!packer.write(piece)) await new Promise((resolve) => packer.once("drain", resolve));
      }
      packer.end();
    })().catch((error: unknown) => packer.destroy(error as Error));
    for await (const piece of packer as AsyncIterable<Buffer>) {
      packed += piece.length;
      yield piece;
    }
    await feeding;
    yield words(0x08074b50, crc, packed, size);
    const attributes = Buffer.alloc(14); // no comment, first disk, plain file; then where the part begins
    attributes.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([
        words(0x02014b50),
        Buffer.from([fixed.version, 0]),
        described(crc, packed, size, name.length),
        attributes.subarray(0),
        name,
      ]),
    );
    offset += header.length + packed + 16;
    if (offset > mostBytes || size > mostBytes) throw new Error("the archive is larger than 4 GiB");
  }
  const entries = Buffer.concat(directory);
  yield entries;
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(offset, 12);
  yield Buffer.concat([words(0x06054b50), end]);
}
