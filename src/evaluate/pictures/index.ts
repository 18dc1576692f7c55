export { type EmbedPicturesOptions, embedPictures, type MeasuredPictures } from "./embed-pictures.ts";
export type { MeasuredPicture, PictureFace } from "./picture-face.ts";
