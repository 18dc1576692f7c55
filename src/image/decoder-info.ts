import sharp from "sharp";

/** Versions of the image decoder. */
export function decoderInfo(): { readonly sharp: string; readonly libvips: string } {
  return { sharp: sharp.versions.sharp ?? "unknown", libvips: sharp.versions.vips };
}
