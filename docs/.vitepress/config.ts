import { resolve } from "node:path";
import { katex } from "@mdit/plugin-katex";
import { defineConfig } from "vitepress";
import { sidebar } from "./sidebar.ts";

const root = resolve(import.meta.dirname, "..", "..");

/** What KaTeX writes for those who cannot see: elements that are no components. */
const MATHML = new Set(
  "math annotation semantics mrow mi mo mn ms mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd mstyle mpadded mphantom menclose".split(
    " ",
  ),
);

/** The anchors of headings as GitHub makes them, so that a link holds in both places. */
const anchor = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");

export default defineConfig({
  title: "arcface-ts",
  description: "Face embeddings and trustworthy similarity in TypeScript",
  lang: "en",
  // Written by tools/site/write.ts from docs/, the commands, the types and the examples.
  srcDir: resolve(root, "out", "site-source"),
  outDir: resolve(root, "out", "site"),
  cacheDir: resolve(root, "out", "site-cache"),
  // Where the site lies on its server.
  base: process.env["ARCFACE_DOCS_BASE"] ?? "/",
  cleanUrls: false,
  metaChunk: true,
  markdown: {
    theme: { light: "github-light", dark: "github-dark" },
    anchor: { slugify: anchor },
    config: (md) => void md.use(katex, { output: "htmlAndMathml" }),
  },
  vue: { template: { compilerOptions: { isCustomElement: (tag) => MATHML.has(tag) } } },
  themeConfig: {
    nav: [
      { text: "Start", link: "/start/install" },
      { text: "Guides", link: "/guides/verify" },
      { text: "Reference", link: "/reference/commands/" },
      { text: "Figures", link: "/figures" },
    ],
    sidebar,
    outline: { level: [2, 3] },
    search: {
      provider: "local",
      options: {
        detailedView: true,
        // Words are looked for, not colours: highlighting every block a second time takes a third of the build.
        _render(text, env, md) {
          const { highlight } = md.options;
          md.options.highlight = null;
          const html = md.render(text, env);
          md.options.highlight = highlight;
          return env.frontmatter?.["search"] === false ? "" : html;
        },
      },
    },
    docFooter: { prev: "Before", next: "Next" },
  },
});
