export * from "./publish.ts";
export * from "./snapshot-pointer.ts";
export * from "./warehouse.ts";
export * from "./lsn.ts";
export { createMirror } from "./mirror/mirror.ts";
export type { Mirror, MirrorOptions } from "./mirror/mirror.ts";
export type { Applied, AppliedEvent } from "./mirror/progress.ts";
export type { MirrorLogger } from "./mirror/session.ts";
