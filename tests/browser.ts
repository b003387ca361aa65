import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";

/**
 * The browser of the repository: Chromium unpacked from npm, with the libraries it brings itself.
 * Both variables must be set before the package is imported; the folder is per version and user, or an older unpacked one would be reused.
 */
export async function launchBrowser(): Promise<Browser> {
  const { version } = createRequire(import.meta.url)("@sparticuz/chromium/package.json") as { version: string };
  const owner = createHash("sha256").update(userInfo().username).digest("hex").slice(0, 8);
  const folder = join(tmpdir(), `kehu-chromium-${version}-${owner}`);
  await mkdir(folder, { recursive: true });
  process.env.AWS_LAMBDA_JS_RUNTIME ??= "nodejs22.x";
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    const { default: binary } = await import("@sparticuz/chromium");
    // Not the package's own arguments: they switch web security off, and then no Origin is sent.
    return await chromium.launch({
      executablePath: await binary.executablePath(),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-sync",
        "--no-first-run",
      ],
    });
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
