/** Where to go after signing in: only a path of this site, never `//other.site` or `https://…`. */
export const safePath = (to: string | null): string => (to && /^\/(?![/\\])/.test(to) ? to : "/");
