export { assembleCheckpoint } from "./assemble.ts";
export { isTorchLegacy, readTorchLegacy } from "./legacy.ts";
export { writeTorch } from "./write-torch.ts";
export { isZip, readTorchZip } from "./zip-container.ts";
