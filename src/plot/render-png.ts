import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";

/** The family every figure is set in. It comes with the package, so text looks alike where no fonts are installed. */
export const FONT_FAMILY = "DejaVu Sans";

/** The same with what takes its place where an SVG is opened and the family is not installed; widths are alike. */
export const FONT_STACK = `${FONT_FAMILY}, Verdana, sans-serif`;

/**
 * An SVG figure as PNG bytes.
 *
 * @param scale pixels of the PNG per unit of the SVG
 */
export function renderPng(svg: string, scale = 1): Uint8Array {
  const require = createRequire(import.meta.url);
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) =>
    require.resolve(`dejavu-fonts-ttf/ttf/${name}`),
  );
  const renderer = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: { fontFiles, loadSystemFonts: false, defaultFontFamily: FONT_FAMILY },
  });
  return renderer.render().asPng();
}
