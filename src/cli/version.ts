import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { checkoutCommit } from "./checkout-commit.ts";

const PACKAGE = new URL("../../", import.meta.url);

/** The library's version. */
export const VERSION = (createRequire(PACKAGE)("./package.json") as { version: string }).version;

/** The commit that is checked out where the library runs in a checkout of its own. */
export const commitOfLibrary = (): string | undefined => checkoutCommit(fileURLToPath(PACKAGE));
