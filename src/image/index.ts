export { decoderInfo } from "./decoder-info.ts";
export { encodeJpeg, encodePng } from "./encode-image.ts";
export { type ImageSource, type RawPixels, readPhotograph } from "./image-source.ts";
export { openPicture } from "./open-picture.ts";
export { MAX_HELD_PIXELS, Picture } from "./picture.ts";
export { PICTURE_HEAD_BYTES, PICTURE_KINDS, type PictureKind, pictureKindOf } from "./picture-kind.ts";
export { IMAGE_EXTENSIONS, type ReadImageOptions, readImage } from "./read-image.ts";
export { type PlanarTarget, resampleBox, warpAffine } from "./resample.ts";
export { RgbImage } from "./rgb-image.ts";
