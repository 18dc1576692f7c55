import type { ComponentType } from "preact";
import type { IconName } from "../parts/icon.tsx";

/** One of the page's screens: loaded when it is first gone to. */
export interface Screen {
  /** First part of its addresses: `compare` for `/compare/…`. */
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  readonly load: () => Promise<ComponentType>;
}

/** The screens in the order of the menu. The first one is at `/`, too. */
export const SCREENS: readonly Screen[] = [
  {
    path: "compare",
    name: "Compare",
    icon: "compare",
    load: async () => (await import("./compare/compare-screen.tsx")).CompareScreen,
  },
  {
    path: "search",
    name: "Search",
    icon: "search",
    load: async () => (await import("./search/search-screen.tsx")).SearchScreen,
  },
  {
    path: "people",
    name: "People",
    icon: "people",
    load: async () => (await import("./people/people-screen.tsx")).PeopleScreen,
  },
  {
    path: "questions",
    name: "Questions",
    icon: "question",
    load: async () => (await import("./questions/questions-screen.tsx")).QuestionsScreen,
  },
  {
    path: "map",
    name: "Map",
    icon: "map",
    load: async () => (await import("./map/map-screen.tsx")).MapScreen,
  },
  {
    path: "studies",
    name: "Studies",
    icon: "studies",
    load: async () => (await import("./studies/studies-screen.tsx")).StudiesScreen,
  },
];
