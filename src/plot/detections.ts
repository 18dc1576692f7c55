import type { Detection } from "../detect/index.ts";
import { FONT_STACK } from "./render-png.ts";
import { escapeXml, jpegDataUrl } from "./svg.ts";

/**
 * A photograph with a box, the five landmarks and the score drawn over every face.
 *
 * @param jpeg the photograph, upright
 * Returns   an SVG document of the photograph's size in pixels
 */
export function drawDetections(
  jpeg: Uint8Array,
  size: { readonly width: number; readonly height: number },
  faces: readonly Detection<"image">[],
): string {
  const { width, height } = size;
  const stroke = Math.max(1.5, Math.min(width, height) / 300);
  const fontSize = Math.max(10, Math.min(width, height) / 40);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT_STACK}">`,
    `<image width="${width}" height="${height}" href="${jpegDataUrl(jpeg)}"/>`,
  ];
  faces.forEach(({ box, landmarks, score }, index) => {
    const label = `${index} · ${score.toFixed(2)}`;
    const labelWidth = fontSize * 0.62 * label.length + fontSize * 0.6;
    const labelTop = Math.max(0, box.y - fontSize * 1.4);
    parts.push(
      `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" fill="none" stroke="#000" stroke-opacity="0.55" stroke-width="${stroke * 2.2}"/>`,
      `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" fill="none" stroke="#ffb000" stroke-width="${stroke}"/>`,
      `<rect x="${box.x}" y="${labelTop}" width="${labelWidth}" height="${fontSize * 1.4}" fill="#000" fill-opacity="0.7"/>`,
      `<text x="${box.x + fontSize * 0.3}" y="${labelTop + fontSize * 1.05}" font-size="${fontSize}" fill="#ffffff">${escapeXml(label)}</text>`,
    );
    const radius = Math.max(stroke, box.width / 45);
    for (const { x, y } of landmarks) {
      parts.push(
        `<circle cx="${x}" cy="${y}" r="${radius}" fill="#ffb000" stroke="#000" stroke-width="${stroke / 3}"/>`,
      );
    }
  });
  return `${parts.join("\n")}\n</svg>`;
}
