/** A plane of points that is looked at, moved and selected from: the report's map, and that of the service's page. */
export {
  type Camera,
  isInside,
  LEGIBLE_PX,
  moved,
  type Place,
  thumbnailSide,
  toScreen,
  type View,
  wholeMap,
  zoomed,
} from "./camera.ts";
export { keyedCamera, listenForGestures } from "./gestures.ts";
export { markLasso, markLinks, markRing } from "./marks.ts";
export { PointLayer } from "./point-layer.ts";
export type { LineColour, Points, Rgb } from "./points.ts";
export { SoftPointLayer } from "./soft-point-layer.ts";
