import type { CallArguments } from "./arguments.ts";
import { escapeHtml } from "./escape.ts";
import { PyError, iterate, toText, truthy, type Value } from "./values.ts";

const host = String.raw`(?:https?:\/\/|www\.)(?:[\p{L}\p{N}_%-]+\.)*(?:[a-z]{2,63}|xn--[\p{L}\p{N}_%]{2,59})`;
const bareHost = String.raw`(?:[\p{L}\p{N}_%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)`;
const address = String.raw`https?:\/\/(?:\d{1,3}(?:\.\d{1,3}){3}|\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\])`;
const webAddress = new RegExp(String.raw`^(?:${host}|${bareHost}|${address})(?::\d{1,5})?(?:[/?#]\S*)?$`, "iu");
const mailAddress = /^\S+@[\p{L}\p{N}_][\p{L}\p{N}_.-]*\.[\p{L}\p{N}_]+$/u;
const scheme = /^\w[\w.+-]*:(?:\/\/)?$/;
const brackets = [
  ["(", ")"],
  ["<", ">"],
  ["&lt;", "&gt;"],
] as const;

/** Addresses in a text as links, everything else escaped; at most `trim_url_limit` characters of a web address are shown. */
export function urlize(value: Value, call: CallArguments): string {
  const limit = call.value(0, "trim_url_limit", null) === null ? undefined : call.integer(0, "trim_url_limit");
  const given = (index: number, name: string): string => {
    const text = call.value(index, name, null);
    return text === null ? "" : toText(text);
  };
  const relations = new Set([...given(3, "rel").split(/\s+/).filter(Boolean), "noopener"]);
  if (truthy(call.value(1, "nofollow", false))) relations.add("nofollow");
  const target = given(2, "target");
  const attributes = ` rel="${escapeHtml([...relations].sort().join(" "))}"${target === "" ? "" : ` target="${escapeHtml(target)}"`}`;
  const schemes = iterate(call.value(4, "extra_schemes", [])).map(toText);
  for (const one of schemes) if (!scheme.test(one)) throw new PyError(`'${one}' is not a valid URI scheme prefix.`);
  const shown = (url: string): string => (limit !== undefined && url.length > limit ? `${url.slice(0, limit)}...` : url);
  const linked = (text: string): string => {
    if (webAddress.test(text)) return `<a href="${/^https?:\/\//.test(text) ? "" : "https://"}${text}"${attributes}>${shown(text)}</a>`;
    if (text.startsWith("mailto:") && mailAddress.test(text.slice(7))) return `<a href="${text}">${text.slice(7)}</a>`;
    if (!text.startsWith("www.") && !text.includes(":") && mailAddress.test(text)) return `<a href="mailto:${text}">${text}</a>`;
    return schemes.some((one) => text !== one && text.startsWith(one)) ? `<a href="${text}"${attributes}>${text}</a>` : text;
  };
  return escapeHtml(toText(value))
    .split(/(\s+)/)
    .map((word) => {
      const { head, middle, tail } = unwrapped(word);
      return head + linked(middle) + tail;
    })
    .join("");
}

/** Takes brackets and the sentence's marks off a word, but leaves to it the closing brackets that it has opened. */
function unwrapped(word: string): { head: string; middle: string; tail: string } {
  const head = /^(?:[(<]|&lt;)+/.exec(word)?.[0] ?? "";
  let middle = word.slice(head.length);
  let tail = /(?:[)>.,\n]|&gt;)+$/.exec(middle)?.[0] ?? "";
  middle = middle.slice(0, middle.length - tail.length);
  const count = (text: string, part: string): number => text.split(part).length - 1;
  for (const [open, close] of brackets) {
    const opened = count(middle, open);
    if (opened <= count(middle, close)) continue;
    for (let left = Math.min(opened, count(tail, close)); left > 0; left--) {
      const end = tail.indexOf(close) + close.length;
      middle += tail.slice(0, end);
      tail = tail.slice(end);
    }
  }
  return { head, middle, tail };
}
