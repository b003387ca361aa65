import { type Class, queryNames, setHeader } from "./placing.ts";

/** Hostility in how it is said: address, method, headers and credentials. */
export const requestClasses: Readonly<Record<string, Class>> = {
  "repeated parameters": (draft, { random }) => {
    const names = queryNames(draft);
    if (names.length === 0) return false;
    const name = random.pick(names);
    for (let count = random.pick([2, 2, 3, 300]); count > 0; count--)
      draft.query.push([name, random.pick(["1", "2", "id", "null", "", "a,b"])]);
    return true;
  },

  "long paths": (draft, tools) => {
    const { random } = tools;
    const long = random.pick(["a", "%2e%2e%2f", "..", "/", "-", "%00", "9"]).repeat(random.pick([200, 1_000, 3_000]));
    if (random.chance(0.5) && queryNames(draft).length > 0) draft.query.push([random.pick(queryNames(draft)), long]);
    else if (Object.keys(draft.path).length > 0) draft.path[random.pick(Object.keys(draft.path))] = long;
    else draft.suffix = `?x=${"y".repeat(random.pick([1_000, 20_000]))}`;
    return true;
  },

  "long headers": (draft, { random }) => {
    const name = random.pick([
      "accept",
      "x-request-id",
      "idempotency-key",
      "if-match",
      "if-none-match",
      "cookie",
      "accept-language",
      "x-something",
    ]);
    setHeader(draft, name, random.pick(["a", "a=b; ", '"1",', "zh,"]).repeat(random.pick([300, 3_000, 6_000])));
    return true;
  },

  "odd methods": (draft, { random }) => {
    draft.method = random.pick([
      "PUT",
      "PATCH",
      "DELETE",
      "POST",
      "OPTIONS",
      "HEAD",
      "GET",
      "PROPFIND",
      "REPORT",
      "LINK",
      "PURGE",
      "TRACE",
      "FOO",
      "get",
    ]);
    return true;
  },

  etags: (draft, { random }) => {
    const takes = draft.operation.parameters.some(({ name }) => name === "If-Match") || draft.operation.path.includes("{id}");
    if (!takes) return false;
    const tag = random.pick([
      "",
      "1",
      '"',
      '"999999999999"',
      "W/",
      'W/"1"',
      '"1", "2"',
      ",,,",
      '"NaN"',
      "'1'",
      "\xe9",
      '"1" or 1=1',
      "null",
      '"-1"',
    ]);
    setHeader(draft, random.pick(["if-match", "if-match", "if-none-match"]), tag);
    return true;
  },

  "idempotency keys": (draft, { random }) => {
    if (!draft.operation.parameters.some(({ name }) => name === "Idempotency-Key")) return false;
    const key = random.pick(["", "a", "a", "a".repeat(255), "a".repeat(256), "\xe9", "'; drop table x --", " ", "\t", "null", "\x80"]);
    setHeader(draft, "idempotency-key", key);
    return true;
  },

  cursors: (draft, tools) => {
    if (!queryNames(draft).includes("cursor")) return false;
    const { random, ids } = tools;
    const id = ids.get("customers")?.[0] ?? "";
    const made = (parts: unknown): string => Buffer.from(typeof parts === "string" ? parts : JSON.stringify(parts)).toString("base64url");
    const cursor = random.pick([
      "",
      "x",
      "%00",
      "=",
      "AAAA",
      made("null"),
      made("[]"),
      made({}),
      made(["id", id, "x"]),
      made(["id", id, id, id]),
      made([1, 2, 3]),
      made(["created_at", "infinity", id]),
      made(["name", "\0", id]),
      made(["amount", "NaN", id]),
      made(["id", null, id]),
      made(["-at", "1", "2"]),
      made("[".repeat(5_000)),
      made(["version", "9".repeat(50), id]),
      made(["name", "x".repeat(3_000), id]),
      made(["id; drop", "a", id]),
    ]);
    const sort = random.pick([null, "created_at", "name", "amount", "-id"]);
    draft.query = [...draft.query.filter(([name]) => name !== "cursor" && name !== "sort"), ["cursor", cursor]];
    if (sort !== null) draft.query.push(["sort", sort]);
    return true;
  },

  "odd paths": (draft, { random }) => {
    const names = Object.keys(draft.path);
    const text = random.pick([
      "..",
      ".",
      "%2e%2e",
      "..%2f..%2fetc%2fpasswd",
      "%00",
      "null",
      "undefined",
      "0",
      "-1",
      "{id}",
      "*",
      "batch",
      "%0d%0aSet-Cookie:x",
      "a%20b",
      "00000000-0000-0000-0000-000000000000",
      "ffffffff-ffff-ffff-ffff-ffffffffffff",
      "%F0%9F%92%A9",
      ";",
      "a;b=c",
      "__proto__",
      "%7e",
    ]);
    if (names.length > 0 && random.chance(0.7)) draft.path[random.pick(names)] = text;
    else draft.suffix = random.pick(["/", "//", "/.", "/..", "%2f", "?", "??", "?&&&=", "?=1", "?%", "/%2e%2e/x", ";x", "#x"]);
    return true;
  },

  credentials: (draft, { random }) => {
    draft.as = "nobody";
    const cookie = random.pick(["x", "a.b", "%", "%E0%A4%A", "a%00b", "x".repeat(3_000), "null", "{}", "' or 1=1 --", "\xff", ""]);
    const [name, value] = random.pick([
      ["cookie", `kehu.session_token=${cookie}`],
      ["cookie", `__Secure-kehu.session_token=${cookie}; kehu.session_token=${cookie}`],
      ["cookie", `kehu.two_factor=${cookie}`],
      ["cookie", `kehu.device=${cookie}; kehu.session_data=${cookie}`],
      ["x-api-key", cookie],
      ["authorization", `Bearer ${cookie}`],
      ["authorization", `Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.`],
      ["authorization", `Basic ${cookie}`],
      ["x-kehu-internal", cookie],
      ["x-forwarded-for", cookie],
    ] as const);
    setHeader(draft, name, value);
    return true;
  },
};
