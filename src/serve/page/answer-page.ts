import type { PageFile, PageFiles } from "./page-files.ts";

/** First parts of the addresses that the page itself tells apart; a test holds them to its screens. */
export const SCREENS = ["compare", "search", "people", "questions", "map", "studies"] as const;

/**
 * The page may load what this origin has, show pictures that the browser itself holds, and nothing else: no script of another
 * place, none inside its own text, no frame around it, no form. Markup cannot be made of text: nothing in it may.
 */
const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
  "Cross-Origin-Opener-Policy": "same-origin",
};

/** The page's answer to an address; undefined for one that is not the page's. */
export function answerPage(files: PageFiles, request: Request): Response | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  const { pathname } = new URL(request.url);
  const isScreen = pathname === "/" || SCREENS.some((name) => name === pathname.split("/")[1]);
  const file = files.get(isScreen ? "/index.html" : pathname);
  if (!file) return undefined;
  const headers = new Headers({
    ...HEADERS,
    "Content-Type": file.type,
    "Cache-Control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
    ETag: file.etag,
    Vary: "Accept-Encoding",
  });
  if (request.headers.get("if-none-match") === file.etag) return new Response(null, { status: 304, headers });
  const bytes = bodyFor(file, request, headers);
  headers.set("Content-Length", String(bytes.length));
  return new Response(request.method === "HEAD" ? null : bytes, { headers });
}

function bodyFor({ bytes, brotli }: PageFile, request: Request, headers: Headers): Uint8Array<ArrayBuffer> {
  if (!brotli || !/\bbr\b/.test(request.headers.get("accept-encoding") ?? "")) return bytes;
  headers.set("Content-Encoding", "br");
  return brotli;
}
