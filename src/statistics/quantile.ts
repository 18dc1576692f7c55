/**
 * A quantile of values in rising order, linear between neighbours.
 *
 * @param sorted one or more
 * @param share 0…1
 * Source    Hyndman and Fan, "Sample quantiles in statistical packages", 1996, type 7, which NumPy and R have unasked
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
