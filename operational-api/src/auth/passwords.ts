import { commonWords } from "./common-passwords.ts";

export const longestPassword = 128;

export type PasswordFault = "PASSWORD_TOO_SHORT" | "PASSWORD_TOO_LONG" | "PASSWORD_TOO_COMMON" | "PASSWORD_NAMES_OWNER";

/** Whose password it is to be: what it may not be made of. */
export interface PasswordOwner {
  email: string;
  name: string;
}

/** What a password must have of its own once all that is commonly used has been taken out of it. */
const ownCharacters = 5;
const keyboardRows = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik"];
const leet: Record<string, string> = { "0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s", "!": "i" };

/** `p@ssw0rd` as it is read; a 1 stands for an l or an i. */
const readings = (text: string): string[] =>
  ["l", "i"].map((one) => text.replace(/[013457@$!]/g, (character) => (character === "1" ? one : (leet[character] ?? character))));

/** Stretches of four or more along a keyboard row, the digits or the alphabet, either way. */
function withoutRuns(text: string): string {
  const runs = keyboardRows.flatMap((row) => [row, [...row].reverse().join("")]);
  let result = "";
  for (let start = 0; start < text.length;) {
    let length = 0;
    for (let end = text.length; end - start >= 4 && length === 0; end--)
      if (runs.some((run) => run.includes(text.slice(start, end)))) length = end - start;
    if (length === 0) result += text[start];
    start += length || 1;
  }
  return result;
}

/** What is left of it, in lower case, without the commonest words, keyboard runs, digits, punctuation and repetition. */
function ownPart(password: string): string {
  const lower = password.toLowerCase();
  const stripped = (text: string): string => {
    let rest = withoutRuns(text);
    for (const word of commonWords) rest = rest.replaceAll(word, "");
    return rest.replace(/[\d\p{P}\p{S}\s]/gu, "").replace(/(.+?)\1+/gu, "$1");
  };
  return [lower, ...readings(lower)].map(stripped).reduce((shortest, rest) => (rest.length < shortest.length ? rest : shortest));
}

/** Words of four or more characters (two in Chinese) out of name and e-mail address. */
const wordsOf = ({ email, name }: PasswordOwner): string[] => {
  const local = email.toLowerCase().split("@")[0] ?? "";
  const words = [...name.toLowerCase().split(/[\s·,，]+/u), local, ...local.split(/[._+-]+/)];
  return words.filter((word) => (/\p{Script=Han}/u.test(word) ? word.length >= 2 : word.length >= 4));
};

/** What is wrong with it as a new password of `owner`; null when it may be taken. */
export function passwordFault(password: string, owner: PasswordOwner, leastLength: number): PasswordFault | null {
  const length = [...password].length;
  if (length < leastLength) return "PASSWORD_TOO_SHORT";
  if (password.length > longestPassword) return "PASSWORD_TOO_LONG";
  const lower = password.toLowerCase();
  const asRead = [lower, ...readings(lower)];
  if (wordsOf(owner).some((word) => asRead.some((text) => text.includes(word)))) return "PASSWORD_NAMES_OWNER";
  // A passphrase of real words keeps enough of its own; digits alone never do.
  if (new Set(ownPart(password)).size < ownCharacters) return "PASSWORD_TOO_COMMON";
  return null;
}

/** The fault as a sentence for its owner. */
export function passwordMessage(fault: PasswordFault, leastLength: number, locale: "zh-CN" | "en"): string {
  const messages: Record<PasswordFault, { "zh-CN": string; en: string }> = {
    PASSWORD_TOO_SHORT: {
      "zh-CN": `密码至少需要 ${leastLength} 个字符，例如几个互不相关的词。`,
      en: `The password needs at least ${leastLength} characters, for example a few unrelated words.`,
    },
    PASSWORD_TOO_LONG: {
      "zh-CN": `密码最多 ${longestPassword} 个字符。`,
      en: `The password may have at most ${longestPassword} characters.`,
    },
    PASSWORD_TOO_COMMON: {
      "zh-CN": "这个密码太常见，由常用词、键盘顺序或数字组成。请换成几个互不相关的词。",
      en: "The password is too common: it is made of often used words, keyboard rows or digits. Take a few unrelated words.",
    },
    PASSWORD_NAMES_OWNER: {
      "zh-CN": "密码不能包含您的姓名或邮箱。",
      en: "The password must not contain your name or e-mail address.",
    },
  };
  return messages[fault][locale];
}
