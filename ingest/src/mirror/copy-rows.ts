import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Client, Submittable } from "pg";

/** Of pg's connection, what reading its socket beside pg takes. */
interface Wire extends EventEmitter {
  stream: Socket;
  query(text: string): void;
}

/** Takes whole rows, as text, in the order of the copy; the longest of them has so many bytes. The buffer may be kept. What it returns is waited for. */
export type TakeRows = (rows: Buffer, longest: number) => Promise<void> | undefined;

const headerBytes = 5;
const copyData = 0x64; // d
const copyDone = 0x63; // c
const errorResponse = 0x45; // E

/**
 * The rows of `sql`, a `copy … to stdout` in a text format. The server sends a message per row; they are taken off the socket in one pass, several times as
 * fast as an event for each. An error of `take` is thrown after the rest has been read and dropped, so that the connection can be used again.
 */
export function copyRows(client: Client, sql: string, take: TakeRows): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: unknown;
    let isFailed = false;
    const fail = (error: unknown): void => {
      if (!isFailed) failure = error;
      isFailed = true;
    };
    const query = {
      submit(wire: Wire): void {
        divert(wire, (rows, longest) => (isFailed ? undefined : take(rows, longest)), fail);
        wire.query(sql);
      },
      handleCommandComplete(): void {},
      handleReadyForQuery(): void {
        if (isFailed) reject(failure as Error);
        else resolve();
      },
      handleError: (error: Error): void => reject(error),
    };
    // Its other handlers are for messages that no copy brings.
    client.query(query as unknown as Submittable);
  });
}

/** Reads the socket until the copy is over, then gives it and what is left back to pg. */
function divert({ stream }: Wire, take: TakeRows, fail: (error: unknown) => void): void {
  const handlers = stream.listeners("data") as ((bytes: Buffer) => void)[];
  stream.removeAllListeners("data");
  /** Bytes of a message that has not come as a whole. */
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let needed = headerBytes;

  const giveBack = (rest: Buffer): void => {
    stream.removeListener("data", read);
    for (const handler of handlers) stream.on("data", handler);
    for (const handler of handlers) handler(rest);
    stream.resume();
  };
  function read(chunk: Buffer): void {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes < needed) return;
    const bytes = waiting.length === 1 ? chunk : Buffer.concat(waiting, waitingBytes);
    const { at, rows, longest, isOver } = packRows(bytes);
    waiting = at < bytes.length ? [bytes.subarray(at)] : [];
    waitingBytes = bytes.length - at;
    needed = waitingBytes < headerBytes ? headerBytes : 1 + bytes.readUInt32BE(at + 1);
    const goOn = (): void => {
      if (isOver) giveBack(bytes.subarray(at));
      else stream.resume();
    };
    let taken: Promise<void> | undefined;
    try {
      taken = rows.length > 0 ? take(rows, longest) : undefined;
    } catch (error) {
      fail(error);
    }
    if (!taken) {
      if (isOver) giveBack(bytes.subarray(at));
      return;
    }
    stream.pause();
    taken.catch(fail).then(goOn, fail);
  }
  stream.on("data", read);
}

/** Moves the rows in `bytes` together over the headers between them, up to the last whole message or the end of the copy, at `at`. */
function packRows(bytes: Buffer): { at: number; rows: Buffer; longest: number; isOver: boolean } {
  let at = 0;
  let packed = 0;
  let longest = 0;
  while (at + headerBytes <= bytes.length) {
    const tag = bytes[at]!;
    if (tag === copyDone || tag === errorResponse) return { at, rows: bytes.subarray(0, packed), longest, isOver: true };
    const end = at + 1 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    if (tag === copyData) {
      bytes.copyWithin(packed, at + headerBytes, end);
      const length = end - at - headerBytes;
      packed += length;
      if (length > longest) longest = length;
    }
    at = end;
  }
  return { at, rows: bytes.subarray(0, packed), longest, isOver: false };
}
