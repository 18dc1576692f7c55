import type { AtlasLayout } from "../report/page-data.ts";
import { byId } from "./document.ts";

/** Position of a thumbnail: a picture, and the corner of its square. */
export interface Tile {
  readonly picture: CanvasImageSource;
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** The thumbnails of all faces, for the canvas at three sizes, and for elements by their address. */
export class Thumbnails {
  readonly layout: AtlasLayout;
  readonly #addresses: string[] = [];
  /** Atlases at full, half and a quarter of their size: a small picture is drawn quickly from a small one. */
  readonly #sizes: { readonly scale: number; readonly pictures: CanvasImageSource[] }[] = [
    { scale: 1, pictures: [] },
    { scale: 1 / 2, pictures: [] },
    { scale: 1 / 4, pictures: [] },
  ];

  constructor(layout: AtlasLayout) {
    this.layout = layout;
    for (let i = 0; i < layout.atlases; i++) {
      this.#addresses.push(
        URL.createObjectURL(new Blob([bytesOf(byId(`atlas-${i}`))], { type: "image/jpeg" })),
      );
    }
  }

  /** Decodes the atlases for the canvas. */
  async decode(): Promise<void> {
    for (const [i, address] of this.#addresses.entries()) {
      const picture = new Image();
      picture.src = address;
      await picture.decode();
      for (const { scale, pictures } of this.#sizes) pictures[i] = reduced(picture, scale);
    }
  }

  /** Position of a face's thumbnail for this size; undefined until it is decoded. */
  tile(face: number, drawnPx: number): Tile | undefined {
    const { sidePx, columns, perAtlas } = this.layout;
    const size = [...this.#sizes].reverse().find(({ scale }) => sidePx * scale >= drawnPx) ?? this.#sizes[0]!;
    const picture = size.pictures[Math.floor(face / perAtlas)];
    if (!picture) return undefined;
    const place = face % perAtlas;
    const side = sidePx * size.scale;
    return { picture, x: (place % columns) * side, y: Math.floor(place / columns) * side, side };
  }

  /** Shows a face in an element, so many pixels large. */
  show(element: HTMLElement, face: number, sidePx: number): void {
    const { columns, perAtlas } = this.layout;
    const place = face % perAtlas;
    const { style } = element;
    style.width = `${sidePx}px`;
    style.height = `${sidePx}px`;
    style.backgroundImage = `url(${this.#addresses[Math.floor(face / perAtlas)]})`;
    style.backgroundSize = `${columns * sidePx}px auto`;
    style.backgroundPosition = `${-(place % columns) * sidePx}px ${-Math.floor(place / columns) * sidePx}px`;
  }
}

function bytesOf(element: HTMLElement): Uint8Array<ArrayBuffer> {
  const text = atob(element.textContent ?? "");
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  // The text is as large again as the picture, and not needed any more.
  element.remove();
  return bytes;
}

function reduced(picture: HTMLImageElement, scale: number): CanvasImageSource {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.naturalWidth * scale);
  canvas.height = Math.round(picture.naturalHeight * scale);
  const context = canvas.getContext("2d");
  if (!context) return picture;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}
