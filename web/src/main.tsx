import { render } from "preact";
import { App } from "./app.tsx";
import { applyScheme } from "./scheme.ts";

applyScheme();
const page = document.getElementById("page")!;
page.replaceChildren();
render(<App />, page);
