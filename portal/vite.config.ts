import adapter from "@sveltejs/adapter-node";
import { paraglideVitePlugin } from "@inlang/paraglide-js";
import { sveltekit } from "@sveltejs/kit/vite";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

// `vite dev` serves pages only; the APIs come from a running `kehu start`.
const api = process.env.KEHU_DEV_API ?? "http://localhost:3000";

export default defineConfig({
  plugins: [
    tailwindcss(),
    paraglideVitePlugin({
      project: "./project.inlang",
      outdir: "./src/lib/paraglide",
      strategy: ["cookie", "baseLocale"],
      cookieName: "kehu_locale",
      emitTsDeclarations: true,
    }),
    sveltekit({
      adapter: adapter(),
      csp: {
        mode: "auto",
        directives: {
          "default-src": ["self"],
          "script-src": ["self"],
          // style attributes carry widths and positions of bars
          "style-src": ["self", "unsafe-inline"],
          "img-src": ["self", "data:", "blob:"],
          "object-src": ["none"],
          "base-uri": ["self"],
          "form-action": ["self"],
          "frame-ancestors": ["none"],
        },
      },
    }),
  ],
  // A font inlined as data: would be refused by the content security policy, and delay the first paint.
  build: { assetsInlineLimit: 0 },
  server: { proxy: { "/api": { target: api, changeOrigin: false }, "/cubejs-api": { target: api, changeOrigin: false } } },
});
