import { defineConfig } from "vite";

/** The service that `npm run web` asks, started with `--origin http://localhost:5173`. */
const SERVICE = process.env["ARCFACE_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../dist/web",
    emptyOutDir: true,
    target: "es2022",
    // The service's rules let nothing in from a data: address, and browsers of ES2022 load modules ahead by themselves.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { port: 5173, proxy: { "/v1": SERVICE, "/healthz": SERVICE, "/docs": SERVICE } },
});
