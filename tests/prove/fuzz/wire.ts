import { connect } from "node:net";

/** A request byte by byte: what a client library would refuse to send must be sendable. */
export interface WireRequest {
  method: string;
  /** Path and query as they stand in the request line. */
  target: string;
  headers: [name: string, value: string][];
  body: Buffer | null;
  /** Sent in chunks without a length; else with `content-length`. */
  chunked?: boolean;
}

export interface WireAnswer {
  status: number;
  /** Names in lower case. */
  headers: Map<string, string>;
  body: Buffer;
}

const chunkBytes = 256 * 1024;

const unchunked = (raw: Buffer): Buffer | null => {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = raw.indexOf("\r\n", at);
    if (end < 0) return null;
    const size = Number.parseInt(raw.subarray(at, end).toString("latin1"), 16);
    if (size === 0) return Buffer.concat(parts);
    if (Number.isNaN(size) || raw.length < end + 2 + size + 2) return null;
    parts.push(raw.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
};

/** The answer in `raw`, or null when it is not whole yet. */
const parse = (raw: Buffer, isHead: boolean, hasEnded: boolean): WireAnswer | null => {
  const end = raw.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [statusLine = "", ...lines] = raw.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(statusLine.split(" ")[1]);
  if (status === 100) return parse(raw.subarray(end + 4), isHead, hasEnded);
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
  const rest = raw.subarray(end + 4);
  if (isHead || status === 204 || status === 304) return { status, headers, body: Buffer.alloc(0) };
  // An event stream has no end: that it begins is the answer.
  if (headers.get("content-type")?.startsWith("text/event-stream")) return { status, headers, body: rest };
  if (headers.get("transfer-encoding") === "chunked") {
    const body = unchunked(rest);
    return body && { status, headers, body };
  }
  const length = headers.get("content-length");
  if (length === undefined) return hasEnded ? { status, headers, body: rest } : null;
  return rest.length >= Number(length) ? { status, headers, body: rest.subarray(0, Number(length)) } : null;
};

const headOf = ({ method, target, headers, body, chunked }: WireRequest): Buffer => {
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const framing: [string, string][] = chunked
    ? [["transfer-encoding", "chunked"]]
    : body && !given.has("content-length")
      ? [["content-length", String(body.length)]]
      : [];
  const lines = [...headers, ...framing, ["connection", "close"]].map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`, "latin1");
};

/** Sends one request over a connection of its own. Rejects when the connection ends, or `timeoutMs` pass, without a whole answer. */
export const send = (port: number, request: WireRequest, timeoutMs = 30_000): Promise<WireAnswer> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const received: Buffer[] = [];
    const settle = (hasEnded: boolean, why: string): void => {
      const answer = parse(Buffer.concat(received), request.method === "HEAD", hasEnded);
      if (!answer && !hasEnded) return;
      clearTimeout(timer);
      socket.destroy();
      if (answer) resolve(answer);
      else reject(new Error(`${why} after ${Buffer.concat(received).length} bytes of an answer`));
    };
    const timer = setTimeout(() => settle(true, `no answer within ${timeoutMs} ms`), timeoutMs);
    socket.on("data", (chunk) => {
      received.push(chunk);
      settle(false, "");
    });
    socket.on("end", () => settle(true, "the connection was closed"));
    // A server that has answered may close while we still send: what counts is whether the answer came.
    socket.on("error", (error) => settle(true, error.message));
    socket.write(headOf(request));
    const { body } = request;
    if (!body) return;
    if (!request.chunked) {
      socket.write(body);
      return;
    }
    for (let at = 0; at < body.length; at += chunkBytes) {
      const chunk = body.subarray(at, at + chunkBytes);
      socket.write(`${chunk.length.toString(16)}\r\n`);
      socket.write(chunk);
      socket.write("\r\n");
    }
    socket.write("0\r\n\r\n");
  });

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const longestShown = 2_000;

/** The request as one line for a shell, against `url`. Bytes that a shell can't be given stand as base64. */
export const curlOf = (url: string, { method, target, headers, body, chunked }: WireRequest): string => {
  const shown = [...headers, ...(chunked ? [["transfer-encoding", "chunked"] as [string, string]] : [])].map(([name, value]) =>
    value.length > longestShown
      ? `-H "${name}: $(printf '${value.slice(0, 1)}%.0s' $(seq ${value.length}))"`
      : `-H ${quoted(`${name}: ${value}`)}`,
  );
  const text = body?.toString();
  const isPlain = text !== undefined && Buffer.from(text).equals(body!) && !text.includes("\0");
  const payload =
    body === null
      ? []
      : body.length > longestShown
        ? [`--data-binary @<(echo ${body.subarray(0, 200).toString("base64")}... # the first 200 of ${body.length} bytes in base64)`]
        : isPlain
          ? [`--data-binary ${quoted(text)}`]
          : [`--data-binary @<(echo ${body.toString("base64")} | base64 -d)`];
  return ["curl -sik --path-as-is", `-X ${quoted(method)}`, ...shown, ...payload, quoted(`${url}${target.slice(0, longestShown)}`)].join(
    " ",
  );
};
