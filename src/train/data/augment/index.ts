export { type Augmentation, augment, NO_AUGMENTATION } from "./augment.ts";
export { blurCrop } from "./blur.ts";
export { type ColourChange, changeColour } from "./colour.ts";
export { blankLike, type Crop } from "./crop.ts";
export { type Movement, moveCrop } from "./move.ts";
export { drawPatch, occlude, type Patch } from "./occlude.ts";
