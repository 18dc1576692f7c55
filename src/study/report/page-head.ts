import { html, type Markup, trusted } from "./html.ts";
import { STYLE } from "./style.ts";

/**
 * The head of a page that needs nothing but itself: no network, no file beside it. The page forbids itself every script and
 * every address.
 *
 * @param pictures `blob:` too where its script makes pictures; `data:` are allowed
 * @param script sha256 in base 64 of the one script that it may run
 */
export function pageHead(
  title: string,
  { pictures = "data:", script }: { readonly pictures?: string; readonly script?: string } = {},
): Markup {
  const policy = [
    "default-src 'none'",
    `img-src ${pictures}`,
    "style-src 'unsafe-inline'",
    ...(script === undefined ? [] : [`script-src 'sha256-${script}'`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>`;
}
