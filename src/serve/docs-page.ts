import { curlOf } from "./examples.ts";
import { ENDPOINTS, type Endpoint, type EndpointName } from "./wire/index.ts";

/** The reference as a page: written here, without a script, so that it shows wherever the service runs. */
export function docsPage(version: string, document: object): string {
  const { paths } = document as { paths: Record<string, Record<string, unknown>> };
  const endpoints = Object.entries(ENDPOINTS) as [EndpointName, Endpoint][];
  const sections = endpoints.map(([name, endpoint]) =>
    section(name, endpoint, paths[endpoint.path]![endpoint.method]),
  );
  const lines = endpoints.map(
    ([name, { method, path }]) => `<li><a href="#${name}">${method.toUpperCase()} ${escaped(path)}</a></li>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>arcface ${escaped(version)}: HTTP reference</title><link rel="stylesheet" href="/docs.css"></head>
<body><main><h1>arcface ${escaped(version)}</h1>
<p>Everything this service does. The same as a document for programs: <a href="/openapi.json">/openapi.json</a>
(OpenAPI 3.1). A key goes into <code>Authorization: Bearer …</code> or <code>x-api-key</code>. Errors are
<code>{"error": {"code", "message", "requestId"}}</code>.</p>
<p>The lines below are for a shell that knows the service and a key; without <code>--keys</code> any key will do:</p>
<pre>export ARCFACE_URL=http://127.0.0.1:8080 ARCFACE_KEY=afk_…</pre>
<nav><ul>
${lines.join("\n")}
</ul></nav>
${sections.join("\n")}
</main></body></html>
`;
}

function section(name: EndpointName, endpoint: Endpoint, operation: unknown): string {
  const { method, path, summary, role } = endpoint;
  return `<section id="${name}"><h2><code>${method.toUpperCase()} ${escaped(path)}</code></h2>
<p>${escaped(summary)}</p><p class="role">${role === null ? "no key" : `role: ${role}`}</p>
<pre>${escaped(curlOf(name))}</pre>
<details><summary>parameters, body, answers</summary><pre>${escaped(JSON.stringify(operation, undefined, 1))}</pre></details>
</section>`;
}

export const DOCS_STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}
main{max-width:56rem;margin:0 auto;padding:1rem}h2{font-size:1rem;margin:2rem 0 0}
pre{overflow:auto;background:#8882;padding:.6rem;border-radius:.3rem}nav ul{columns:22rem;padding-left:1.2rem;font-size:.85rem}.role{opacity:.75;margin:0}
`;

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (each) => `&#${each.codePointAt(0)};`);
}
