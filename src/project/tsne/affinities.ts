/** A symmetric matrix of affinities P whose entries sum to 1, by compressed rows. */
export interface Affinities {
  /** Shapes    [N + 1] */
  readonly starts: Int32Array;
  /** Columns, rising within a row. */
  readonly columns: Int32Array;
  readonly values: Float32Array;
}

/** Steps of the search for a bandwidth; Newton's are few, the rest is for rows without a scale. */
const MAX_STEPS = 100;
const TOLERANCE = 1e-7;

/**
 * Finds for one row the Gaussian bandwidth at which its affinities have the wanted perplexity.
 *
 * Formula   p_j ∝ exp(−β·d²_j), with β such that exp(−Σ p ln p) = perplexity
 * Shapes    squares [k] rising squared distances · out [k], sums to 1
 */
export function rowAffinities(squares: ArrayLike<number>, perplexity: number, out: Float64Array): void {
  const k = squares.length;
  const nearest = squares[0] ?? 0;
  let mean = 0;
  for (let j = 0; j < k; j++) mean += (squares[j]! - nearest) / k;
  const wanted = Math.log(Math.min(perplexity, k));
  // All neighbours equally far: any bandwidth gives the same.
  if (!(mean > 1e-30)) {
    out.fill(1 / k, 0, k);
    return;
  }
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let beta = 1 / mean;
  for (let step = 0; step < MAX_STEPS; step++) {
    let sum = 0;
    let first = 0;
    let second = 0;
    for (let j = 0; j < k; j++) {
      const d = squares[j]! - nearest;
      const p = Math.exp(-beta * d);
      out[j] = p;
      sum += p;
      first += p * d;
      second += p * d * d;
    }
    const expected = first / sum;
    const entropy = Math.log(sum) + beta * expected;
    const error = entropy - wanted;
    if (Math.abs(error) < TOLERANCE) break;
    if (error > 0) low = beta;
    else high = beta;
    // dH/dlnβ = −β²·Var(d): a Newton step on ln β, taken when it stays between the bounds.
    const slope = -beta * beta * (second / sum - expected * expected);
    const newton = beta * Math.exp(Math.max(-2, Math.min(2, -error / slope)));
    if (newton > low && newton < high) beta = newton;
    else beta = high === Number.POSITIVE_INFINITY ? beta * 2 : (low + high) / 2;
    if (!(beta > 0) || beta * mean > 1e12) break;
  }
  let sum = 0;
  for (let j = 0; j < k; j++) sum += out[j]!;
  for (let j = 0; j < k; j++) out[j] = out[j]! / sum;
}

/** Room for {@link symmetrize}: what rows of k neighbours can at most become. */
export function affinityMemory(count: number, neighbours: number): Affinities {
  const most = 2 * count * neighbours;
  return {
    starts: new Int32Array(new SharedArrayBuffer((count + 1) * 4)),
    columns: new Int32Array(new SharedArrayBuffer(most * 4)),
    values: new Float32Array(new SharedArrayBuffer(most * 4)),
  };
}

/**
 * P = (p_{j|i} + p_{i|j}) / 2N from rows of conditional affinities.
 *
 * Shapes    neighbours, conditional [N × k], each row's neighbours different and none the row itself
 * @param out written
 */
export function symmetrize(
  count: number,
  neighbours: Int32Array,
  conditional: Float32Array,
  out: Affinities,
): void {
  const k = neighbours.length / count;
  // The transposed rows: who has whom as a neighbour. Filled by rising row, so each list is sorted.
  const starts = new Int32Array(count + 1);
  for (const j of neighbours) starts[j + 1] = starts[j + 1]! + 1;
  for (let i = 0; i < count; i++) starts[i + 1] = starts[i + 1]! + starts[i]!;
  const cursor = starts.slice(0, count);
  const from = new Int32Array(neighbours.length);
  const weight = new Float32Array(neighbours.length);
  for (let i = 0; i < count; i++) {
    for (let e = i * k; e < (i + 1) * k; e++) {
      const place = cursor[neighbours[e]!]!++;
      from[place] = i;
      weight[place] = conditional[e]!;
    }
  }
  // Row i of P is the union of both lists; slot[j] is where column j of the current row stands.
  const slot = new Int32Array(count).fill(-1);
  const scale = 1 / (2 * count);
  let end = 0;
  for (let i = 0; i < count; i++) {
    const start = end;
    out.starts[i] = start;
    for (let e = i * k; e < (i + 1) * k; e++) {
      const j = neighbours[e]!;
      slot[j] = end;
      out.columns[end] = j;
      out.values[end++] = conditional[e]! * scale;
    }
    for (let e = starts[i]!; e < starts[i + 1]!; e++) {
      const j = from[e]!;
      const place = slot[j]!;
      if (place >= start) out.values[place] = out.values[place]! + weight[e]! * scale;
      else {
        out.columns[end] = j;
        out.values[end++] = weight[e]! * scale;
      }
    }
  }
  out.starts[count] = end;
}
