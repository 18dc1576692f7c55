// The loops of exact search, in AssemblyScript. `npm run build:wasm` compiles them into scan-bytes.ts.
//
// A row is a vector of D components, quantised to a byte u each: component ≈ scale · (u − 128). The upper four bits of
// all components lie in one plane, the lower four in another, so that most rows are judged from half their bytes.
// Sixteen bytes of a plane hold 32 components: component 8k + j is nibble k of 16-bit lane j.
//
// ROWS rows make a block: upper plane, lower plane, then one float per row: scale, distance between the vector and what
// its upper plane says, distance between the vector and what both planes say, distance as the first but without the
// components of the first FIRST bytes, length of what the vector has outside of the axes that rows are kept in; then ids
// and groups (8 bytes each, used outside only), a byte per row that is 0 for rows to be passed over, and an i32 per row
// for what the survey found.
//
// A search is a survey of all blocks, which finds the rows that look best by their upper plane; they give a floor that
// hardly rises any more; then each block's rows are judged by it.

const ROWS: i32 = 2048;
// Where a block has its mask and the sums of a survey, from the first of its floats on.
const MASK: i32 = ROWS * (20 + 16);
const SUMS: i32 = MASK + ROWS;

// A query begins with the sum of its integers (i32), what one of their units is worth, the length of the quantised
// query, and the slack: what the query's own rounding and float32 may add to a cosine; then, without the components of
// the first FIRST bytes, the sum and the length; then the length of what it has outside of the axes, and where many are
// asked at once its floor. Its integers follow, from −127 to 127, as the instructions of this build want them:
//   plain: 16 bits each, in the order of the components, multiplied so that every nibble counts 256 where it lies: by
//     256, 16, 1, 256 in the four nibbles of a lane;
//   relaxed: 8 bits each, for 32 components those of the 16 low nibbles of the bytes and then those of the high ones.
const INTEGERS: i32 = 64;
const RELAXED: bool = ASC_FEATURE_RELAXED_SIMD;

// Bytes of a query for 32 components.
const TURN: i32 = RELAXED ? 32 : 64;
// By how many bits a sum over a plane is too large.
const SHIFT: i32 = RELAXED ? 0 : 8;
// Bytes of a plane that are summed up before `widen`: four times two products of at most 2 · 15 · 127 fit into 16 bits.
const STRETCH: i32 = 64;
// Bytes of a row's lower plane that are looked at first: two cache lines, which the processor fetches as one.
const FIRST: i32 = 128;

// Σ query · nibble over 32 components, shared out among the lanes and added to those of `sums`.
// @ts-ignore: decorator
@inline function multiply(sums: v128, x: v128, q0: v128, q1: v128, q2: v128, q3: v128): v128 {
  if (RELAXED) {
    const low = v128.and(x, i8x16.splat(15));
    const high = v128.and(i16x8.shr_u(x, 4), i8x16.splat(15));
    return i16x8.add(
      sums,
      i16x8.add(i16x8.relaxed_dot_i8x16_i7x16_s(q0, low), i16x8.relaxed_dot_i8x16_i7x16_s(q1, high)),
    );
  }
  return i32x4.add(
    sums,
    i32x4.add(
      i32x4.add(
        i32x4.dot_i16x8_s(v128.and(x, i16x8.splat(0x000f)), q0),
        i32x4.dot_i16x8_s(v128.and(x, i16x8.splat(0x00f0)), q1),
      ),
      i32x4.add(
        i32x4.dot_i16x8_s(v128.and(x, i16x8.splat(0x0f00)), q2),
        i32x4.dot_i16x8_s(i16x8.shr_u(x, 12), q3),
      ),
    ),
  );
}

// Four lanes of 32 bits from what `multiply` sums up.
// @ts-ignore: decorator
@inline function widen(sums: v128): v128 {
  return RELAXED ? i32x4.extadd_pairwise_i16x8_s(sums) : sums;
}

// The query's integers for the third and fourth nibble; the relaxed build has all in two.
// @ts-ignore: decorator
@inline function further(at: usize): v128 {
  return RELAXED ? i32x4.splat(0) : v128.load(at);
}

// The four lanes of four sums, added across: one sum a lane.
// @ts-ignore: decorator
@inline function across(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
}

// Σ query · nibble of four rows over `bytes` of a plane, a row a lane. Four rows at a time share the loads of the query.
// @ts-ignore: decorator
@inline function fourSums(p0: usize, p1: usize, p2: usize, p3: usize, bytes: i32, query: usize): v128 {
  let a = i32x4.splat(0), b = i32x4.splat(0), c = i32x4.splat(0), d = i32x4.splat(0);
  let w = query;
  for (const end = p0 + bytes; p0 < end; ) {
    let s0 = i32x4.splat(0), s1 = i32x4.splat(0), s2 = i32x4.splat(0), s3 = i32x4.splat(0);
    if (p0 + STRETCH <= end) {
      // The loop below, four turns of it written out: a sixth faster.
      let q0 = v128.load(w), q1 = v128.load(w, 16), q2 = further(w + 32), q3 = further(w + 48);
      s0 = multiply(s0, v128.load(p0), q0, q1, q2, q3);
      s1 = multiply(s1, v128.load(p1), q0, q1, q2, q3);
      s2 = multiply(s2, v128.load(p2), q0, q1, q2, q3);
      s3 = multiply(s3, v128.load(p3), q0, q1, q2, q3);
      q0 = v128.load(w, TURN);
      q1 = v128.load(w, TURN + 16);
      q2 = further(w + TURN + 32);
      q3 = further(w + TURN + 48);
      s0 = multiply(s0, v128.load(p0, 16), q0, q1, q2, q3);
      s1 = multiply(s1, v128.load(p1, 16), q0, q1, q2, q3);
      s2 = multiply(s2, v128.load(p2, 16), q0, q1, q2, q3);
      s3 = multiply(s3, v128.load(p3, 16), q0, q1, q2, q3);
      q0 = v128.load(w, 2 * TURN);
      q1 = v128.load(w, 2 * TURN + 16);
      q2 = further(w + 2 * TURN + 32);
      q3 = further(w + 2 * TURN + 48);
      s0 = multiply(s0, v128.load(p0, 32), q0, q1, q2, q3);
      s1 = multiply(s1, v128.load(p1, 32), q0, q1, q2, q3);
      s2 = multiply(s2, v128.load(p2, 32), q0, q1, q2, q3);
      s3 = multiply(s3, v128.load(p3, 32), q0, q1, q2, q3);
      q0 = v128.load(w, 3 * TURN);
      q1 = v128.load(w, 3 * TURN + 16);
      q2 = further(w + 3 * TURN + 32);
      q3 = further(w + 3 * TURN + 48);
      s0 = multiply(s0, v128.load(p0, 48), q0, q1, q2, q3);
      s1 = multiply(s1, v128.load(p1, 48), q0, q1, q2, q3);
      s2 = multiply(s2, v128.load(p2, 48), q0, q1, q2, q3);
      s3 = multiply(s3, v128.load(p3, 48), q0, q1, q2, q3);
      p0 += STRETCH;
      p1 += STRETCH;
      p2 += STRETCH;
      p3 += STRETCH;
      w += 4 * TURN;
    } else {
      for (; p0 < end; p0 += 16, p1 += 16, p2 += 16, p3 += 16, w += TURN) {
        const q0 = v128.load(w), q1 = v128.load(w, 16), q2 = further(w + 32), q3 = further(w + 48);
        s0 = multiply(s0, v128.load(p0), q0, q1, q2, q3);
        s1 = multiply(s1, v128.load(p1), q0, q1, q2, q3);
        s2 = multiply(s2, v128.load(p2), q0, q1, q2, q3);
        s3 = multiply(s3, v128.load(p3), q0, q1, q2, q3);
      }
    }
    a = i32x4.add(a, widen(s0));
    b = i32x4.add(b, widen(s1));
    c = i32x4.add(c, widen(s2));
    d = i32x4.add(d, widen(s3));
  }
  return i32x4.shr_s(across(a, b, c, d), SHIFT);
}

// Adds, to the sums of `count` rows noted at `out`, those over the bytes from…to of their lower planes, and keeps the
// rows that may reach `floor`: those whose cosine by what was added up so far (`middle` brings the sums to 0), plus what
// all lower nibbles leave open, plus `open` times what the upper plane leaves open behind the first FIRST bytes, plus
// what lies outside of the axes.
function refine(
  count: i32, block: usize, bytes: i32, from: i32, to: i32, query: usize, middle: f32, open: f32, floor: f32, out: usize,
): i32 {
  const plane = block + ROWS * bytes;
  const scales = plane + ROWS * bytes;
  const step = load<f32>(query, 4);
  const length = load<f32>(query, 8);
  const outside = load<f32>(query, 24);
  const least = floor - load<f32>(query, 12);
  // Fetches the bytes into the cache, all at once: one after the other each row would wait for memory.
  let touched = 0;
  for (let i = 0; i < count; i++) {
    const row = plane + load<i32>(out + i * 4) * bytes;
    for (let p = row + from; p < row + to; p += 64) touched ^= load<i32>(p);
  }
  store<i32>(out, touched, ROWS * 8);
  const integers = query + INTEGERS + (from / 16) * TURN;
  let kept = 0;
  for (let i = 0; i < count; i += 4) {
    // Behind the last of those noted stand rows noted earlier: computed, and dropped.
    const noted = v128.load(out + i * 4);
    const at = plane + from;
    const sums = fourSums(
      at + i32x4.extract_lane(noted, 0) * bytes,
      at + i32x4.extract_lane(noted, 1) * bytes,
      at + i32x4.extract_lane(noted, 2) * bytes,
      at + i32x4.extract_lane(noted, 3) * bytes,
      to - from,
      integers,
    );
    v128.store(out + i * 4, i32x4.add(v128.load(out + i * 4, ROWS * 4), sums), ROWS * 4);
    for (let one = i; one < min(i + 4, count); one++) {
      const row = load<i32>(out + one * 4);
      const all = load<i32>(out + one * 4, ROWS * 4);
      const field = scales + row * 4;
      const value = load<f32>(field) * step * (<f32>all - middle);
      store<i32>(out + kept * 4, row);
      store<i32>(out + kept * 4, all, ROWS * 4);
      let radius = length * load<f32>(field, ROWS * 8);
      if (outside > 0) radius += outside * load<f32>(field, ROWS * 16);
      kept += i32(value + radius + open * load<f32>(field, ROWS * 12) >= least);
    }
  }
  return kept;
}

// Of the `count` rows noted at `out`, which a survey has passed, keeps those that may reach `floor` by both planes. Writes
// their numbers in the block, their quantised cosines, and how far the true cosines may lie from those, in three arrays
// of ROWS entries at `out`. Returns how many.
//
// The first bytes of the lower plane already exclude most: what is left open then is by Cauchy and Schwarz the length of
// the rest of the query times the distance in the rest of the row, for halves about half of what it was.
export function weigh(count: i32, block: usize, bytes: i32, query: usize, floor: f32, out: usize): i32 {
  const scales = block + 2 * ROWS * bytes;
  const sums = scales + SUMS;
  for (let i = 0; i < count; i++) store<i32>(out + i * 4, load<i32>(sums + load<i32>(out + i * 4) * 4), ROWS * 4);
  const middle: f32 = 128.0 * <f32>load<i32>(query);
  const rest: f32 = 7.5 * <f32>load<i32>(query, 16);
  const first = min(FIRST, bytes);
  let kept = refine(count, block, bytes, 0, first, query, middle - rest, load<f32>(query, 20), floor, out);
  if (first < bytes) kept = refine(kept, block, bytes, first, bytes, query, middle, 0, floor, out);
  for (let i = 0; i < kept; i++) {
    const field = scales + load<i32>(out + i * 4) * 4;
    const all = <f32>load<i32>(out + i * 4, ROWS * 4) - middle;
    store<f32>(out + i * 4, load<f32>(field) * load<f32>(query, 4) * all, ROWS * 4);
    let radius = load<f32>(query, 8) * load<f32>(field, ROWS * 8);
    if (load<f32>(query, 24) > 0) radius += load<f32>(query, 24) * load<f32>(field, ROWS * 16);
    store<f32>(out + i * 4, radius + load<f32>(query, 12), ROWS * 8);
  }
  return kept;
}

// Notes those of the rows r…r + 3 whose bit in `hits` is set, at `out`; returns how many are noted then. All four are
// written, one over the other unless it counts: which do is hard to predict, so nothing branches on it.
// @ts-ignore: decorator
@inline function note(count: i32, hits: i32, r: i32, to: i32, mask: usize, masked: i32, out: usize): i32 {
  // Rows past the end are computed and dropped: blocks are whole.
  if (r + 4 > to) hits &= (1 << (to - r)) - 1;
  // Brings the last bits of four bytes together in the upper four.
  if (masked) hits &= (load<u32>(mask + r) * 0x10204080) >>> 28;
  store<i32>(out + count * 4, r);
  count += hits & 1;
  store<i32>(out + count * 4, r + 1);
  count += (hits >> 1) & 1;
  store<i32>(out + count * 4, r + 2);
  count += (hits >> 2) & 1;
  store<i32>(out + count * 4, r + 3);
  return count + (hits >> 3);
}

// The middle of what an upper nibble h may stand for is 16 h + 7.5 − 128 = 16 (h − 7.53125): what to take off the sums.
// @ts-ignore: decorator
@inline function upperMiddle(query: usize): v128 {
  return f32x4.splat(120.5 * <f32>load<i32>(query));
}

// Looks at the upper plane of the rows from…to of a block; `from` is a multiple of 4. Leaves 16 times their sums in the
// block, for `judge`, and writes the numbers of those whose cosine is `least` or more by this look, and the cosines, in
// two arrays of ROWS entries at `out`. Returns how many.
export function survey(
  block: usize, bytes: i32, from: i32, to: i32, query: usize, least: f32, masked: i32, out: usize,
): i32 {
  const scales = block + 2 * ROWS * bytes;
  const mask = scales + MASK;
  const middle = upperMiddle(query);
  const step = f32x4.splat(load<f32>(query, 4));
  let count = 0;
  for (let r = from; r < to; r += 4) {
    if (masked && !load<u32>(mask + r)) continue;
    const p = block + r * bytes;
    const sums = i32x4.shl(fourSums(p, p + bytes, p + 2 * bytes, p + 3 * bytes, bytes, query + INTEGERS), 4);
    v128.store(scales + r * 4, sums, SUMS);
    const centred = f32x4.sub(f32x4.convert_i32x4_s(sums), middle);
    const value = f32x4.mul(f32x4.mul(centred, step), v128.load(scales + r * 4));
    const hits = i32x4.bitmask(f32x4.ge(value, f32x4.splat(least)));
    if (hits) count = note(count, hits, r, to, mask, masked, out);
  }
  for (let i = 0; i < count; i++) {
    const field = scales + load<i32>(out + i * 4) * 4;
    const centred = <f32>load<i32>(field, SUMS) - f32x4.extract_lane(middle, 0);
    store<f32>(out + i * 4, centred * load<f32>(query, 4) * load<f32>(field), ROWS * 4);
  }
  return count;
}

// Finds, of the first `to` rows of a block, those whose cosine with the query of the last survey may reach `floor`, and
// writes of them what `weigh` does; behind that, how many it had to weigh.
export function judge(
  block: usize, bytes: i32, to: i32, query: usize, floor: f32, masked: i32, out: usize,
): i32 {
  const scales = block + 2 * ROWS * bytes;
  const mask = scales + MASK;
  const middle = upperMiddle(query);
  const step = f32x4.splat(load<f32>(query, 4));
  const length = f32x4.splat(load<f32>(query, 8));
  const outside = f32x4.splat(load<f32>(query, 24));
  const cutOff = load<f32>(query, 24) > 0;
  const least = f32x4.splat(floor - load<f32>(query, 12));
  let count = 0;
  for (let r = 0; r < to; r += 4) {
    const centred = f32x4.sub(f32x4.convert_i32x4_s(v128.load(scales + r * 4, SUMS)), middle);
    const value = f32x4.mul(f32x4.mul(centred, step), v128.load(scales + r * 4));
    let highest = f32x4.add(value, f32x4.mul(length, v128.load(scales + r * 4, ROWS * 4)));
    // Rows that are kept whole have nothing outside, and the loads would be for nothing.
    if (cutOff) highest = f32x4.add(highest, f32x4.mul(outside, v128.load(scales + r * 4, ROWS * 16)));
    const hits = i32x4.bitmask(f32x4.ge(highest, least));
    count = note(count, hits, r, to, mask, masked, out);
  }
  store<i32>(out, count, ROWS * 12);
  return weigh(count, block, bytes, query, floor, out);
}

// The nibbles of four rows of a plane as bytes, at `out`: of sixteen bytes of a plane the low nibbles of each row, then the
// high ones of each.
// @ts-ignore: decorator
@inline function spread(plane: usize, bytes: i32, out: usize): void {
  const nibble = i8x16.splat(15);
  for (let at = 0; at < bytes; at += 16, out += 128) {
    for (let row = 0; row < 4; row++) {
      const x = v128.load(plane + row * bytes + at);
      v128.store(out + row * 16, v128.and(x, nibble));
      v128.store(out + row * 16, v128.and(i16x8.shr_u(x, 4), nibble), 64);
    }
  }
}

// Σ query · nibble of one row over `bytes` of a plane.
// @ts-ignore: decorator
@inline function oneSum(p: usize, bytes: i32, query: usize): i32 {
  let sums = i32x4.splat(0);
  for (const end = p + bytes; p < end; p += 16, query += TURN)
    sums = multiply(sums, v128.load(p), v128.load(query), v128.load(query, 16), further(query + 32), further(query + 48));
  const wide = widen(sums);
  return (i32x4.extract_lane(wide, 0) + i32x4.extract_lane(wide, 1) + i32x4.extract_lane(wide, 2) + i32x4.extract_lane(wide, 3)) >> SHIFT;
}

// 1 / scale of four rows, a finite number also for a row along no axis.
// @ts-ignore: decorator
@inline function inverseOf(scale: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.max(scale, f32x4.splat(1e-9)));
}

// @ts-ignore: decorator
@inline function largest(v: v128): f64 {
  const two = f32x4.max(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return max(f32x4.extract_lane(two, 0), f32x4.extract_lane(two, 1));
}

// Notes the rows r…r + 3 with a query if any of them may reach its floor by the numbers at bytes 32 and 36; returns how many
// notes there are then.
// @ts-ignore: decorator
@inline function noteFour(
  count: i32, r: i32, sums: v128, inverse: v128, query: usize, number: i32, notes: usize,
): i32 {
  const least = f32x4.add(f32x4.mul(v128.load32_splat(query + 32), inverse), v128.load32_splat(query + 36));
  if (!v128.any_true(f32x4.ge(f32x4.convert_i32x4_s(sums), least))) return count;
  const at = notes + count * 32;
  v128.store(at, sums);
  store<i32>(at, r, 16);
  store<i32>(at, number, 20);
  return count + 1;
}

// Looks at the upper plane of the rows from…to of a block for `queries` queries, an even number, which lie `stride` bytes
// apart from `first` on, each with its floor at byte 28. Notes fours of rows with a query of which a row may reach the floor:
// `capacity` of them at most, 32 bytes each: four sums, the first row, the query. It stops before four rows of which the notes
// might not fit; the row to go on with is stored at `out − 4`. Returns how many notes.
//
// A sum S reaches the floor where 16 S ≥ middle + (floor − slack − length · distance − outside · residual) / (step · scale).
// Most are passed over by that with the largest distance / scale and residual / scale of the rows, in which it is a number
// for each query times 1 / scale, plus one more: at bytes 32 and 36 of the query.
//
// The queries' integers must be so small that those of a row, times 15, add up to 16 bits in each lane: see `batchLevels`.
// `room` is memory for the nibbles of four rows.
export function surveyMany(
  block: usize, bytes: i32, from: i32, to: i32, first: usize, stride: i32, queries: i32, room: usize, out: usize,
  capacity: i32,
): i32 {
  const scales = block + 2 * ROWS * bytes;
  // Rows past the end have numbers of no meaning: none is looked at.
  const last = to - (to & 3);
  let inverses = f32x4.splat(0), distances = f32x4.splat(0), residuals = f32x4.splat(0);
  for (let r = from; r < to; r += 4) {
    const field = scales + r * 4;
    let inverse = inverseOf(v128.load(field));
    if (r == last) inverse = v128.and(inverse, i32x4.gt_s(i32x4.splat(to - r), i32x4(0, 1, 2, 3)));
    inverses = f32x4.max(inverses, inverse);
    distances = f32x4.max(distances, f32x4.mul(inverse, v128.load(field, ROWS * 4)));
    residuals = f32x4.max(residuals, f32x4.mul(inverse, v128.load(field, ROWS * 16)));
  }
  const inverse = largest(inverses), distance = largest(distances), residual = largest(residuals);
  let query = first;
  for (let j = 0; j < queries; j++, query += stride) {
    const step = 16 * <f64>load<f32>(query, 4);
    const floor = (<f64>load<f32>(query, 28) - <f64>load<f32>(query, 12)) / step;
    const open = (<f64>load<f32>(query, 8) * distance + <f64>load<f32>(query, 24) * residual) / step;
    // A little less, for what is rounded on both ways of comparing.
    const rounding = 1 + 1e-6 * (abs(floor) * inverse + open);
    store<f32>(query, <f32>floor, 32);
    store<f32>(query, <f32>(120.5 / 16 * <f64>load<i32>(query) - open - rounding), 36);
  }
  const end = room + 8 * bytes;
  let count = 0, r = from;
  for (; r < to && count + queries <= capacity; r += 4) {
    const inverse = inverseOf(v128.load(scales + r * 4));
    if (RELAXED) spread(block + r * bytes, bytes, room);
    query = first;
    for (let j = 0; j < queries; j += 2, query += 2 * stride) {
      let a: v128, b: v128;
      if (RELAXED) {
        let a0 = i16x8.splat(0), a1 = i16x8.splat(0), a2 = i16x8.splat(0), a3 = i16x8.splat(0);
        let b0 = i16x8.splat(0), b1 = i16x8.splat(0), b2 = i16x8.splat(0), b3 = i16x8.splat(0);
        let w = query + INTEGERS;
        for (let p = room; p < end; p += 64, w += 16) {
          const qa = v128.load(w), qb = v128.load(w + stride);
          let x = v128.load(p);
          a0 = i16x8.add(a0, i16x8.relaxed_dot_i8x16_i7x16_s(qa, x));
          b0 = i16x8.add(b0, i16x8.relaxed_dot_i8x16_i7x16_s(qb, x));
          x = v128.load(p, 16);
          a1 = i16x8.add(a1, i16x8.relaxed_dot_i8x16_i7x16_s(qa, x));
          b1 = i16x8.add(b1, i16x8.relaxed_dot_i8x16_i7x16_s(qb, x));
          x = v128.load(p, 32);
          a2 = i16x8.add(a2, i16x8.relaxed_dot_i8x16_i7x16_s(qa, x));
          b2 = i16x8.add(b2, i16x8.relaxed_dot_i8x16_i7x16_s(qb, x));
          x = v128.load(p, 48);
          a3 = i16x8.add(a3, i16x8.relaxed_dot_i8x16_i7x16_s(qa, x));
          b3 = i16x8.add(b3, i16x8.relaxed_dot_i8x16_i7x16_s(qb, x));
        }
        a = across(widen(a0), widen(a1), widen(a2), widen(a3));
        b = across(widen(b0), widen(b1), widen(b2), widen(b3));
      } else {
        const p = block + r * bytes;
        a = fourSums(p, p + bytes, p + 2 * bytes, p + 3 * bytes, bytes, query + INTEGERS);
        b = fourSums(p, p + bytes, p + 2 * bytes, p + 3 * bytes, bytes, query + stride + INTEGERS);
      }
      count = noteFour(count, r, a, inverse, query, j, out);
      count = noteFour(count, r, b, inverse, query + stride, j + 1, out);
    }
  }
  store<i32>(out - 4, r);
  return count;
}

// Finds, in `count` notes of `surveyMany` on the rows up to `to`, the pairs of row and query that may reach the query's floor by
// the upper plane, and of those the ones that may by both. Writes, in four arrays of `capacity` entries at `out`, rows, queries,
// quantised cosines, and how far the true ones may lie from those. Returns how many.
export function weighMany(
  notes: usize, count: i32, block: usize, bytes: i32, to: i32, first: usize, stride: i32, out: usize, capacity: i32,
): i32 {
  const plane = block + ROWS * bytes;
  const scales = plane + ROWS * bytes;
  // Fetches the bytes into the cache, all at once: one after the other each row would wait for memory.
  let touched = 0, noted = 0;
  for (let i = 0; i < count; i++) {
    const sums = notes + i * 32;
    const r = load<i32>(sums, 16), number = load<i32>(sums, 20);
    const query = first + number * stride;
    const field = scales + r * 4;
    const centred = f32x4.sub(
      f32x4.convert_i32x4_s(i32x4.shl(v128.load(sums), 4)), f32x4.splat(120.5 * <f32>load<i32>(query)),
    );
    let highest = f32x4.mul(f32x4.mul(centred, v128.load32_splat(query + 4)), v128.load(field));
    highest = f32x4.add(highest, f32x4.mul(v128.load32_splat(query + 8), v128.load(field, ROWS * 4)));
    highest = f32x4.add(highest, f32x4.mul(v128.load32_splat(query + 24), v128.load(field, ROWS * 16)));
    const least = f32x4.sub(v128.load32_splat(query + 28), v128.load32_splat(query + 12));
    let hits = i32x4.bitmask(f32x4.ge(highest, least));
    if (r + 4 > to) hits &= (1 << (to - r)) - 1;
    while (hits) {
      const lane = ctz(hits);
      hits &= hits - 1;
      const at = out + noted * 4;
      store<i32>(at, r + lane);
      store<i32>(at + capacity * 4, number);
      store<i32>(at + capacity * 8, load<i32>(sums + lane * 4));
      const row = plane + (r + lane) * bytes;
      for (let p = row; p < row + bytes; p += 64) touched ^= load<i32>(p);
      noted++;
    }
  }
  store<i32>(out - 8, touched);
  let kept = 0;
  for (let i = 0; i < noted; i++) {
    const at = out + i * 4;
    const row = load<i32>(at), number = load<i32>(at + capacity * 4);
    const query = first + number * stride;
    const all = (load<i32>(at + capacity * 8) << 4) + oneSum(plane + row * bytes, bytes, query + INTEGERS);
    const field = scales + row * 4;
    const value = load<f32>(field) * load<f32>(query, 4) * (<f32>all - 128.0 * <f32>load<i32>(query));
    let radius = load<f32>(query, 8) * load<f32>(field, ROWS * 8);
    radius += load<f32>(query, 24) * load<f32>(field, ROWS * 16) + load<f32>(query, 12);
    const place = out + kept * 4;
    store<i32>(place, row);
    store<i32>(place + capacity * 4, number);
    store<f32>(place + capacity * 8, value);
    store<f32>(place + capacity * 12, radius);
    kept += i32(value + radius >= load<f32>(query, 28));
  }
  return kept;
}

// Turns the vector at `vector`, in place: every component times its entry of `signs` (±1 / √span), then a Walsh–Hadamard
// transform of each `span` components. Lengths and angles stay as they are, and all components become of like size,
// which makes the most of four bits whatever a network does with its dimensions.
export function rotate(vector: usize, signs: usize, size: i32, span: i32): void {
  const odd = f32x4(1, -1, 1, -1), high = f32x4(1, 1, -1, -1);
  for (let at = 0; at < size * 4; at += 16) {
    let x = f32x4.mul(v128.load(vector + at), v128.load(signs + at));
    x = f32x4.add(v128.shuffle<f32>(x, x, 1, 0, 3, 2), f32x4.mul(x, odd));
    x = f32x4.add(v128.shuffle<f32>(x, x, 2, 3, 0, 1), f32x4.mul(x, high));
    v128.store(vector + at, x);
  }
  for (let half = 4; half < span; half *= 2) {
    for (let pair = 0; pair < size; pair += 2 * half) {
      let p = vector + pair * 4;
      for (const end = p + half * 4; p < end; p += 16) {
        const x = v128.load(p), y = v128.load(p + half * 4);
        v128.store(p, f32x4.add(x, y));
        v128.store(p + half * 4, f32x4.sub(x, y));
      }
    }
  }
}

// The coordinates of a vector along `size` axes: the product of the matrix at `axes` (size × columns, row-major) and the
// vector at `vector` (`columns` floats, a multiple of 4), at `out`. Sums in four lanes, so none is longer than a quarter.
export function project(vector: usize, axes: usize, columns: i32, size: i32, out: usize): void {
  const stride = columns * 4;
  for (let i = 0; i < size; i += 4, axes += 4 * stride, out += 16) {
    let a = f32x4.splat(0), b = f32x4.splat(0), c = f32x4.splat(0), d = f32x4.splat(0);
    let p = axes;
    for (let at = vector; at < vector + stride; at += 16, p += 16) {
      const x = v128.load(at);
      a = f32x4.add(a, f32x4.mul(x, v128.load(p)));
      b = f32x4.add(b, f32x4.mul(x, v128.load(p + stride)));
      c = f32x4.add(c, f32x4.mul(x, v128.load(p + 2 * stride)));
      d = f32x4.add(d, f32x4.mul(x, v128.load(p + 3 * stride)));
    }
    const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
    const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
    v128.store(out, f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7)));
  }
}

// Quantises the vector at `vector` (2 · bytes floats, zeros after the last component) into a row of a block.
export function quantise(vector: usize, block: usize, bytes: i32, row: i32): void {
  let top = f32x4.splat(0);
  const size = bytes * 2;
  for (let i = 0; i < size; i += 4) top = f32x4.max(top, f32x4.abs(v128.load(vector + i * 4)));
  let largest = f32x4.extract_lane(top, 0);
  largest = max(largest, f32x4.extract_lane(top, 1));
  largest = max(largest, f32x4.extract_lane(top, 2));
  largest = max(largest, f32x4.extract_lane(top, 3));
  const scale = largest / 127;
  const inverse = f32x4.splat(127 / largest);
  const scale4 = f32x4.splat(scale);
  const nibble = i32x4.splat(15);
  const byteMid = i32x4.splat(128);
  const nibbleMid = f32x4.splat(120.5);
  let coarse = f32x4.splat(0), fine = f32x4.splat(0), first = f32x4.splat(0);
  const upperRow = block + row * bytes, lowerRow = upperRow + ROWS * bytes;
  for (let i = 0; i < size; i += 32) {
    if (i == 2 * FIRST) {
      first = coarse;
      coarse = f32x4.splat(0);
    }
    let upper = i16x8.splat(0), lower = i16x8.splat(0);
    for (let k = 0; k < 4; k++) {
      const at = vector + (i + 8 * k) * 4;
      const x = v128.load(at), y = v128.load(at, 16);
      const u = i32x4.add(i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(x, inverse))), byteMid);
      const v = i32x4.add(i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(y, inverse))), byteMid);
      const uh = i32x4.shr_u(u, 4), vh = i32x4.shr_u(v, 4);
      upper = v128.or(upper, i16x8.shl(i16x8.narrow_i32x4_u(uh, vh), 4 * k));
      lower = v128.or(lower, i16x8.shl(i16x8.narrow_i32x4_u(v128.and(u, nibble), v128.and(v, nibble)), 4 * k));
      // Padding adds to the coarse distance, which stays a bound: it only grows.
      let off = f32x4.sub(x, f32x4.mul(scale4, f32x4.convert_i32x4_s(i32x4.sub(u, byteMid))));
      fine = f32x4.add(fine, f32x4.mul(off, off));
      off = f32x4.sub(y, f32x4.mul(scale4, f32x4.convert_i32x4_s(i32x4.sub(v, byteMid))));
      fine = f32x4.add(fine, f32x4.mul(off, off));
      off = f32x4.sub(x, f32x4.mul(scale4, f32x4.sub(f32x4.convert_i32x4_s(i32x4.shl(uh, 4)), nibbleMid)));
      coarse = f32x4.add(coarse, f32x4.mul(off, off));
      off = f32x4.sub(y, f32x4.mul(scale4, f32x4.sub(f32x4.convert_i32x4_s(i32x4.shl(vh, 4)), nibbleMid)));
      coarse = f32x4.add(coarse, f32x4.mul(off, off));
    }
    v128.store(upperRow + i / 2, upper);
    v128.store(lowerRow + i / 2, lower);
  }
  const scales = block + 2 * ROWS * bytes + row * 4;
  store<f32>(scales, scale);
  // Sums of squares of float32 differences are good to far better than the 1/1000 added here.
  store<f32>(scales, sqrt(total(f32x4.add(first, coarse))) * 1.001 + 1e-6, ROWS * 4);
  store<f32>(scales, sqrt(total(fine)) * 1.001 + 1e-6, ROWS * 8);
  store<f32>(scales, sqrt(total(coarse)) * 1.001 + 1e-6, ROWS * 12);
}

// @ts-ignore: decorator
@inline function total(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3);
}

// Puts the two planes of `count` rows together again: a byte per component, row after row, at `out`.
export function unpack(block: usize, bytes: i32, count: i32, out: usize): void {
  const m = i16x8.splat(15), ms = i16x8.splat(0xf0);
  let p = block;
  const toLower = ROWS * bytes;
  for (const end = block + count * bytes; p < end; p += 16, out += 32) {
    const h = v128.load(p), l = v128.load(p + toLower);
    const b0 = v128.or(v128.and(i16x8.shl(h, 4), ms), v128.and(l, m));
    const b1 = v128.or(v128.and(h, ms), v128.and(i16x8.shr_u(l, 4), m));
    const b2 = v128.or(v128.and(i16x8.shr_u(h, 4), ms), v128.and(i16x8.shr_u(l, 8), m));
    const b3 = v128.or(v128.and(i16x8.shr_u(h, 8), ms), i16x8.shr_u(l, 12));
    v128.store(out, i8x16.narrow_i16x8_u(b0, b1));
    v128.store(out, i8x16.narrow_i16x8_u(b2, b3), 16);
  }
}

// Finds, in a product of rows and queries, the pairs whose cosine may reach the query's floor.
//
// `products` holds count × queries integers: Σ u · query. `terms` holds five arrays of `queries` entries: 128 · the
// query's sum (i32), its step, its length, slack − floor, and its length outside of the axes (f32). Writes rows, queries and
// quantised cosines in three arrays of `capacity` entries at `out`, from row `from` on, and stops before a row that might not fit.
// Returns how many pairs; the row to go on with is stored at `out − 4`.
export function sift(
  block: usize, bytes: i32, from: i32, to: i32, products: usize, queries: i32, terms: usize, out: usize,
  capacity: i32,
): i32 {
  const scales = block + 2 * ROWS * bytes;
  const fine = scales + ROWS * 8, residuals = scales + ROWS * 16;
  const stride = queries * 4;
  const zero = f32x4.splat(0);
  let count = 0, row = from;
  for (; row < to && count + queries <= capacity; row++) {
    const scale = f32x4.splat(load<f32>(scales + row * 4));
    const radius = f32x4.splat(load<f32>(fine + row * 4));
    const residual = f32x4.splat(load<f32>(residuals + row * 4));
    const cutOff = load<f32>(residuals + row * 4) > 0;
    const base = products + row * stride;
    for (let j = 0; j < stride; j += 16) {
      const t = terms + j;
      const dot = f32x4.convert_i32x4_s(i32x4.sub(v128.load(base + j), v128.load(t)));
      const value = f32x4.mul(f32x4.mul(dot, v128.load(t + stride)), scale);
      let above = f32x4.add(f32x4.add(value, f32x4.mul(radius, v128.load(t + 2 * stride))), v128.load(t + 3 * stride));
      if (cutOff) above = f32x4.add(above, f32x4.mul(residual, v128.load(t + 4 * stride)));
      let hits = i32x4.bitmask(f32x4.ge(above, zero));
      while (hits) {
        const lane = ctz(hits);
        hits &= hits - 1;
        const query = j / 4 + lane;
        const integer = load<i32>(base + query * 4) - load<i32>(terms + query * 4);
        store<i32>(out + count * 4, row);
        store<i32>(out + (capacity + count) * 4, query);
        store<f32>(out + (2 * capacity + count) * 4,
          <f32>integer * load<f32>(terms + stride + query * 4) * load<f32>(scales + row * 4));
        count++;
      }
    }
  }
  store<i32>(out - 4, row);
  return count;
}
