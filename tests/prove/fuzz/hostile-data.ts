import { sqlTexts, prototypeKeys, wrongValues, numberTexts, numbers, times, characters, lookAlikes } from "./hostile-values.ts";
import type { Json } from "./operations.ts";
import {
  type Class,
  isContainer,
  placesIn,
  put,
  intoBody,
  nameIntoBody,
  queryNames,
  intoPath,
  anywhere,
  rawBody,
  setHeader,
  bodyText,
} from "./placing.ts";

/** Hostility in what is said: fields, values and the bytes of the body. */
export const dataClasses: Readonly<Record<string, Class>> = {
  valid: () => true,

  "wrong types": (draft, tools) => anywhere(draft, structuredClone(tools.random.pick(wrongValues)), tools),

  "missing fields": (draft, { random }) => {
    if (!isContainer(draft.body ?? null)) return false;
    const places = placesIn(draft.body!).filter(({ holder }) => !Array.isArray(holder));
    if (places.length === 0) return false;
    for (let count = random.integer(1, 3); count > 0; count--) {
      const { holder, key } = random.pick(places);
      delete (holder as Record<string, Json>)[key];
    }
    return true;
  },

  "unknown fields": (draft, tools) => {
    const name = tools.random.pick([
      "nmae",
      "row_key",
      "deleted_at",
      "recorded_at",
      "version",
      "is_admin",
      "字段",
      " ",
      "a.b",
      "lines[0]",
      "",
    ]);
    if (draft.body !== undefined && tools.random.chance(0.7)) return nameIntoBody(draft, name, 1, tools);
    if (queryNames(draft).length === 0) return false;
    draft.query.push([encodeURIComponent(name || "x"), "1"]);
    return true;
  },

  "prototype keys": (draft, tools) => {
    const { random } = tools;
    const key = random.pick(prototypeKeys);
    const value = random.pick<Json>([{ isAdmin: true }, { roles: ["administrator"] }, "x", null, { prototype: { polluted: 1 } }, 1]);
    if (draft.body !== undefined && random.chance(0.7)) return nameIntoBody(draft, key, value, tools);
    if (random.chance(0.3)) return intoPath(draft, key, tools);
    if (queryNames(draft).length === 0) return intoPath(draft, key, tools);
    const [name] = random.shuffle([key, "sort", "fields", "cursor", `${key}_gte`]);
    draft.query.push([name!, name === key || name!.endsWith("_gte") ? "1" : key]);
    return true;
  },

  "sql in names": (draft, tools) => {
    const { random } = tools;
    const text = random.pick(sqlTexts);
    if (draft.body !== undefined && random.chance(0.6)) return nameIntoBody(draft, text, "1", tools);
    if (queryNames(draft).length === 0) return intoPath(draft, text, tools);
    const where = random.integer(1, 4);
    if (where === 1) draft.query.push([encodeURIComponent(text), "1"]);
    else draft.query.push([["sort", "fields", "limit"][where - 2]!, encodeURIComponent(text)]);
    return true;
  },

  "sql in values": (draft, tools) => anywhere(draft, tools.random.pick(sqlTexts), tools),

  numbers: (draft, tools) => {
    const { random } = tools;
    if (draft.body === undefined || random.chance(0.6)) return anywhere(draft, random.pick(numbers), tools);
    const mark = "kehu-number-goes-here";
    intoBody(draft, mark, tools);
    return rawBody(draft, Buffer.from(bodyText(draft).replace(`"${mark}"`, random.pick(numberTexts))));
  },

  "odd times": (draft, tools) => anywhere(draft, tools.random.pick(times), tools),

  "deep json": (draft, tools) => {
    const { random } = tools;
    const levels = 10_000;
    const [open, close] = random.pick([
      ["[", "]"] as const,
      ['{"a":', "}"] as const,
      ['{"and":[', "]}"] as const,
      ['{"__proto__":', "}"] as const,
    ]);
    const deep = `${open.repeat(levels)}1${close.repeat(levels)}`;
    if (draft.body === undefined || random.chance(0.2)) {
      const [name] = queryNames(draft);
      if (name === undefined) return false;
      draft.query.push([random.pick(queryNames(draft)), encodeURIComponent(`${"[".repeat(1_000)}${"]".repeat(1_000)}`)]);
      return true;
    }
    if (random.chance(0.3)) return rawBody(draft, Buffer.from(deep));
    const mark = "kehu-depth-goes-here";
    intoBody(draft, mark, tools);
    return rawBody(draft, Buffer.from(bodyText(draft).replace(`"${mark}"`, deep)));
  },

  "large bodies": (draft, tools) => {
    const { random } = tools;
    if (draft.body === undefined) return false;
    draft.isTooLarge = true;
    const limit = draft.operation.path.endsWith("/batch") ? 64 : 4;
    const way = random.integer(1, 3);
    if (way === 1 || limit > 4) {
      // Only said: a server that is told so need not wait for it.
      setHeader(draft, "content-length", String((limit + 1) * 1024 * 1024));
      return rawBody(draft, Buffer.from(bodyText(draft)));
    }
    intoBody(draft, "x".repeat(limit * 1024 * 1024 + 10), tools);
    draft.isChunked = way === 2;
    return true;
  },

  "bad utf-8": (draft, tools) => {
    const { random } = tools;
    const bytes = random.pick([[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe4, 0xb8], [0x80]]);
    if (draft.body !== undefined && random.chance(0.7)) {
      draft.isUnreadable = true;
      const mark = "kehu-bytes-go-here";
      intoBody(draft, mark, tools);
      const [before = "", after = ""] = bodyText(draft).split(mark);
      return rawBody(draft, Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]));
    }
    const encoded = bytes.map((byte) => `%${byte.toString(16)}`).join("");
    const text = random.pick([encoded, "%", "%zz", "%u4e2d", Buffer.from(bytes).toString("latin1")]);
    const names = queryNames(draft);
    if (names.length > 0 && random.chance(0.5)) draft.query.push([random.pick(names), text]);
    else {
      const [name] = random.shuffle(Object.keys(draft.path));
      if (name === undefined) return false;
      draft.path[name] = text;
    }
    return true;
  },

  characters: (draft, tools) => {
    const text = tools.random.pick(characters);
    return tools.random.chance(0.2) ? nameIntoBody(draft, text, 1, tools) : anywhere(draft, text, tools);
  },

  "content types": (draft, { random }) => {
    if (draft.body === undefined) return false;
    const type = random.pick([
      "text/plain",
      "application/xml",
      "multipart/form-data; boundary=x",
      "application/x-www-form-urlencoded",
      "application/jsonx",
      "",
      "json",
      "application/json; charset=gbk",
      "application/json; charset=utf-16",
      "application/octet-stream",
      "*/*",
      "application/json, text/plain",
    ]);
    if (type === "") draft.headers = draft.headers.filter(([name]) => name !== "content-type");
    else setHeader(draft, "content-type", type);
    if (random.chance(0.2)) setHeader(draft, "content-encoding", random.pick(["gzip", "br", "zip-bomb"]));
    return true;
  },

  "malformed json": (draft, { random }) => {
    if (draft.body === undefined) return false;
    draft.isUnreadable = true;
    const text = bodyText(draft);
    const broken = [
      text.slice(0, -1),
      `${text},`,
      `${text}${text}`,
      "{'name': 1}",
      "{name: 1}",
      '{"a":1,}',
      "// x\n{}",
      "undefined",
      "\ufeff",
      "]",
      '{"a":"\t"}',
      "{",
    ];
    return rawBody(draft, Buffer.from(random.pick(broken)));
  },

  "empty bodies": (draft, { random }) => rawBody(draft, Buffer.from(random.pick(["", " ", "\n", "null", "[]", "{}", '""', "0"]))),

  "look-alikes": (draft, tools) => {
    const { random } = tools;
    const [pattern, letter] = random.pick(lookAlikes);
    const changed = (text: string): string => text.replace(pattern, letter);
    const query = queryNames(draft);
    if (query.length > 0 && random.chance(0.4)) {
      draft.query.push([encodeURIComponent(changed(random.pick(query))), "1"]);
      return true;
    }
    const places = draft.body === undefined ? [] : placesIn(draft.body).filter(({ holder }) => !Array.isArray(holder));
    if (places.length === 0) return intoPath(draft, "０１９ｆ0000-0000-7000-8000-00000000000０", tools);
    const { holder, key } = random.pick(places);
    const value = (holder as Record<string, Json>)[key]!;
    if (typeof value === "string" && random.chance(0.5)) put(holder, key, changed(value));
    else {
      delete (holder as Record<string, Json>)[key];
      put(holder, changed(key), value);
    }
    return true;
  },
};
