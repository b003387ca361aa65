import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** What an erasure looks for until its end. */
export interface Sought {
  /** A person's values that no other record has: wherever one stands, it is this person's. */
  telling: string[];
  /** Values that others have, too; erased where the record says whose they are. */
  shared: string[];
}

const keyOf = (secret: string): Buffer => Buffer.from(hkdfSync("sha256", secret, "", "kehu erasure", 32));

/** So that no file holds in plain what is being erased: AES-256-GCM as nonce, tag, text. */
export function encryptSought(sought: Sought, secret: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyOf(secret), nonce);
  const text = Buffer.concat([cipher.update(JSON.stringify(sought), "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
}

/** Throws when it was encrypted with another secret. */
export function decryptSought(bytes: Buffer, secret: string): Sought {
  const decipher = createDecipheriv("aes-256-gcm", keyOf(secret), bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  const text = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
  return JSON.parse(text) as Sought;
}
