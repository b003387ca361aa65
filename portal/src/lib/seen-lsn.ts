/** Carries the newest published LSN the browser knows of, for as long as a snapshot may still be on its way into the query process. */
export const seenLsnCookie = "kehu_seen_lsn";
const seconds = 5;

/** Browser only. */
export function rememberLsn(lsn: string): void {
  document.cookie = `${seenLsnCookie}=${lsn}; path=/; max-age=${seconds}; samesite=lax`;
}
