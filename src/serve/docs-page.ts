import { ENDPOINTS, type Endpoint } from "./wire/index.ts";

/** The reference as a page: written here, without a script, so that it shows wherever the service runs. */
export function docsPage(version: string, document: object): string {
  const { paths } = document as { paths: Record<string, Record<string, unknown>> };
  const sections = Object.entries<Endpoint>(ENDPOINTS).map(([name, endpoint]) =>
    section(name, endpoint, paths[endpoint.path]![endpoint.method]),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>arcface ${escaped(version)}: HTTP reference</title><link rel="stylesheet" href="/docs.css"></head>
<body><main><h1>arcface ${escaped(version)}</h1>
<p>Everything this service does. The same as a document for programs: <a href="/openapi.json">/openapi.json</a>
(OpenAPI 3.1). A key goes into <code>Authorization: Bearer …</code> or <code>x-api-key</code>. Errors are
<code>{"error": {"code", "message", "requestId"}}</code>.</p>
${sections.join("\n")}
</main></body></html>
`;
}

function section(name: string, endpoint: Endpoint, operation: unknown): string {
  const { method, path, summary, role } = endpoint;
  return `<section id="${name}"><h2><code>${method.toUpperCase()} ${escaped(path)}</code></h2>
<p>${escaped(summary)}</p><p class="role">${role === null ? "no key" : `role: ${role}`}</p>
<pre>${escaped(example(endpoint))}</pre>
<details><summary>parameters, body, answers</summary><pre>${escaped(JSON.stringify(operation, undefined, 1))}</pre></details>
</section>`;
}

function example({ method, path, body, role }: Endpoint): string {
  const url = `"$ARCFACE_URL${path.replace("{collection}", "default").replace(/\{(?:person|face)\}/, "7")}"`;
  const key = role === null ? "" : ' -H "x-api-key: $ARCFACE_KEY"';
  if (body.kind === "none")
    return `curl${method === "get" ? "" : ` -X ${method.toUpperCase()}`}${key} ${url}`;
  if (body.kind === "json")
    return `curl -X ${method.toUpperCase()}${key} -H "Content-Type: application/json" -d '{…}' ${url}`;
  const pictures = ["ann.jpg", "door.jpg"].slice(
    0,
    Math.max(1, Math.min(2, body.least === 1 && body.most === 2 ? 2 : 1)),
  );
  const name = "name" in body.options.shape ? ' -F "name=Ann Example"' : "";
  return `curl${key}${name}${pictures.map((each) => ` -F "pictures=@${each}"`).join("")} ${url}`;
}

export const DOCS_STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}
main{max-width:56rem;margin:0 auto;padding:1rem}h2{font-size:1rem;margin:2rem 0 0}
pre{overflow:auto;background:#8882;padding:.6rem;border-radius:.3rem}.role{opacity:.75;margin:0}
`;

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (each) => `&#${each.codePointAt(0)};`);
}
