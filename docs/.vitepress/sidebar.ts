import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

interface Entry {
  readonly text: string;
  readonly link: string;
}
export interface Section {
  readonly text: string;
  readonly collapsed?: boolean;
  readonly items: readonly (Entry | Section)[];
}

const page = (text: string, link: string): Entry => ({ text, link });
const root = resolve(import.meta.dirname, "..", "..");

/** A section's pages by their file names, with their own headings as titles. */
function pagesOf(folder: string, in_: string): Entry[] {
  return readdirSync(resolve(root, folder))
    .filter((name) => /\.(md|js)$/.test(name) && name !== "README.md")
    .sort()
    .map((name) => {
      const [, title = name] = /^# (.*)$/m.exec(readFileSync(resolve(root, folder, name), "utf8")) ?? [];
      return page(
        name.endsWith(".js") ? name.replace(/\.js$/, "") : title,
        `${in_}/${name.replace(/\.(md|js)$/, "")}`,
      );
    });
}

const COMMANDS =
  "compare search embed detect align identity study reproduce cluster map inspect convert evaluate calibrate gallery open serve worker models data train doctor bench".split(
    " ",
  );

function doors(): Entry[] {
  const { exports } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  return Object.keys(exports)
    .filter((door) => door !== "./package.json")
    .map((door) => {
      const name = door.split("/").slice(1);
      return page(
        `arcface-ts${name.map((part) => `/${part}`).join("")}`,
        `/reference/api/${name.join("-") || "root"}`,
      );
    });
}

/** Every page of the site, in the order in which a reader may want them; test/site.test.ts holds that none is missing. */
export const sidebar: Section[] = [
  {
    text: "Start",
    items: [page("Install", "/start/install"), page("First steps", "/start/first-steps")],
  },
  {
    text: "Guides",
    items: [
      page("Verify two photographs", "/guides/verify"),
      page("Search a folder", "/guides/search-folder"),
      page("Keep people", "/guides/keep-people"),
      page("Look at faces in a browser", "/guides/in-a-browser"),
      page("Find the threshold for your data", "/guides/threshold"),
      page("Serve over HTTP", "/service"),
      page("Many photographs, many machines", "/many-machines"),
      page("Your own network", "/own-network"),
      page("Train", "/training"),
      page("Read a study", "/guides/read-a-study"),
      page("Measure identity preservation", "/identity"),
      {
        text: "Examples",
        collapsed: true,
        items: [page("List", "/examples/"), ...pagesOf("examples", "/examples")],
      },
    ],
  },
  {
    text: "Explain",
    items: [
      page("The margin, step by step", "/margin"),
      page("What a cosine means", "/explain/cosine"),
      page("Why search is exact", "/explain/exact-search"),
      page("Figures", "/figures"),
    ],
  },
  {
    text: "Reference",
    items: [
      {
        text: "Commands",
        collapsed: true,
        items: [
          page("All", "/reference/commands/"),
          ...COMMANDS.map((name) => page(name, `/reference/commands/${name}`)),
        ],
      },
      { text: "Library", collapsed: true, items: [page("All", "/reference/api/overview"), ...doors()] },
      page("Galleries", "/galleries"),
      page("Files", "/formats"),
      page("Error codes", "/reference/errors"),
      page("Intervals, measured", "/statistics"),
    ],
  },
  { text: "Coming from", items: pagesOf("docs/coming-from", "/coming-from") },
  { text: "Decisions", collapsed: true, items: pagesOf("docs/decisions", "/decisions") },
  {
    text: "Project",
    collapsed: true,
    items: [
      page("Architecture", "/project/architecture"),
      page("Contributing", "/project/contributing"),
      page("Changes", "/project/changelog"),
      page("Mutants", "/mutants"),
    ],
  },
];
