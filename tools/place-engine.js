/**
 * Puts the engine beside the checkout's other packages, as far as this platform needs it. npm cannot do it: the engine's
 * own install script needs another host than the registry. Without it the engine is fetched when it is first needed.
 */
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ENGINE_PACKAGE } from "../dist/onnx/engine-package.js";
import { keepPackage } from "../dist/registry/index.js";

const modules = join(import.meta.dirname, "..", "node_modules");
const [engine, ...others] = ENGINE_PACKAGE.parts;
const manifest = join(modules, engine.package, "package.json");
if (!existsSync(manifest) || JSON.parse(readFileSync(manifest, "utf8")).version !== engine.version) {
  try {
    await rm(join(modules, engine.package), { recursive: true, force: true });
    // npm has installed the engine's own requirements.
    const installed = others.every((part) => existsSync(join(modules, part.package)));
    await keepPackage({ ...ENGINE_PACKAGE, parts: installed ? [engine] : ENGINE_PACKAGE.parts }, modules);
  } catch (error) {
    console.error(`${error.message}; it will be fetched when it is first needed`);
  }
}
