export { type Augmentation, augment, NO_AUGMENTATION } from "./augment.ts";
