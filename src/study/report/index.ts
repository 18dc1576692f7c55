/** The look of a page that needs nothing but itself, for the reports of other chapters. */
export { html, type Markup, trusted } from "./html.ts";
export { pageHead } from "./page-head.ts";
export { count, figure, percent, scrollTable } from "./parts.ts";
