/** Text made safe to stand inside an element or an attribute: no markup, no control characters. */
export function escapeXml(text: string): string {
  return withoutControls(text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`));
}

/** Text or markup without the characters that XML cannot hold, and without C1 controls. */
export function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, "");
}

/** Text cut in the middle to at most `length` characters, so that a name's end stays. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  const head = Math.floor((length - 1) / 2);
  return `${characters.slice(0, head).join("")}…${characters.slice(characters.length - (length - 1 - head)).join("")}`;
}

/** A JPEG as an address that an SVG image can carry inside itself. */
export function jpegDataUrl(jpeg: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(jpeg).toString("base64")}`;
}
