/**
 * One way to compute the repulsive half of t-SNE's gradient.
 *
 * Every member of a team calls {@link Repulsion.compute} together.
 */
export interface Repulsion {
  /**
   * Fills `force` with Σ_j (1 + |y_i − y_j|²)⁻² (y_i − y_j) and gives the normaliser Z = Σ_{i≠j} (1 + |y_i − y_j|²)⁻¹.
   *
   * Both are of the layout as it is now; all of `force` is there when it returns.
   */
  compute(): number;
}

/** Method for the repulsive forces. */
export type RepulsionMethod = "exact" | "tree" | "grid";
