import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";

/**
 * The browser of the repository: Chromium unpacked from npm, with the libraries it brings itself.
 * Both variables must be set before the package is imported; the folder is per version and user, or an older unpacked one would be reused.
 */
export async function launchBrowser(): Promise<Browser> {
  const lock = JSON.parse(await readFile(join(import.meta.dirname, "../package-lock.json"), "utf8")) as {
    packages: Record<string, { version: string }>;
  };
  const version = lock.packages["node_modules/@sparticuz/chromium"]?.version ?? "unknown";
  const owner = createHash("sha256").update(userInfo().username).digest("hex").slice(0, 8);
  const folder = join(tmpdir(), `kehu-chromium-${version}-${owner}`);
  await mkdir(folder, { recursive: true });
  process.env.AWS_LAMBDA_JS_RUNTIME ??= "nodejs22.x";
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    const { default: binary } = await import("@sparticuz/chromium");
    const executablePath = await binary.executablePath();
    await giveFonts(folder);
    // Not the package's own arguments: they switch web security off, and then no Origin is sent.
    return await chromium.launch({
      executablePath,
      // Without a locale of UTF-8 Chromium can't name a file in Chinese, and bare machines have none.
      env: { ...process.env, LC_ALL: "C.UTF-8" },
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

/** The package's own font configuration names /tmp/fonts, and Chromium ends itself when it finds no font at all. Chinese glyphs come with the portal. */
async function giveFonts(folder: string): Promise<void> {
  const configuration = join(folder, "fontconfig");
  await mkdir(configuration, { recursive: true });
  const dirs = [join(folder, "fonts", "fonts"), "/usr/share/fonts"].map((dir) => `<dir>${dir}</dir>`).join("");
  const cache = `<cachedir>${join(folder, "fonts-cache")}</cachedir>`;
  const text = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${dirs}${cache}</fontconfig>`;
  await writeFile(join(configuration, "fonts.conf"), text);
  process.env.FONTCONFIG_PATH = configuration;
}
