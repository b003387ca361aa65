import type { Cookies } from "@sveltejs/kit";

type CookieOptions = NonNullable<Parameters<Cookies["set"]>[2]>;

const readers: Record<string, (options: CookieOptions, value: string) => void> = {
  path: (options, value) => void (options.path = value),
  domain: (options, value) => void (options.domain = value),
  "max-age": (options, value) => void (options.maxAge = Number(value)),
  expires: (options, value) => void (options.expires = new Date(value)),
  httponly: (options) => void (options.httpOnly = true),
  secure: (options) => void (options.secure = true),
  samesite: (options, value) => void (options.sameSite = value.toLowerCase() as "lax" | "strict" | "none"),
};

/** Hands the cookies an API set on to the browser, unchanged. */
export function passCookies(response: Response, cookies: Cookies): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = "", ...attributes] = line.split(";");
    const equals = pair.indexOf("=");
    const options: CookieOptions = { path: "/", httpOnly: false, secure: false, encode: (value) => value };
    for (const attribute of attributes) {
      const [name = "", value = ""] = attribute.trim().split("=", 2);
      readers[name.toLowerCase()]?.(options, value);
    }
    cookies.set(pair.slice(0, equals).trim(), pair.slice(equals + 1), options);
  }
}
