import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

/** What a file of a backup must be when it is read again. */
export interface FileProof {
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
}

/** Copies one file, durably, and tells what was copied: a file that grows meanwhile is copied as far as it was read. Makes the folder. */
export async function copyHashed(from: string, to: string): Promise<FileProof> {
  await mkdir(dirname(to), { recursive: true });
  const source = await open(from, "r");
  try {
    const target = await open(to, "wx", 0o600);
    try {
      const hash = createHash("sha256");
      const buffer = Buffer.allocUnsafe(1024 * 1024);
      let bytes = 0;
      for (;;) {
        const { bytesRead } = await source.read(buffer, 0, buffer.length, bytes);
        if (bytesRead === 0) break;
        const piece = buffer.subarray(0, bytesRead);
        hash.update(piece);
        await target.write(piece, 0, bytesRead, bytes);
        bytes += bytesRead;
      }
      await target.datasync();
      return { bytes, sha256: hash.digest("hex") };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

export async function proofOf(file: string): Promise<FileProof> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of createReadStream(file)) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
  }
  return { bytes, sha256: hash.digest("hex") };
}
