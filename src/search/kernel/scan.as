// The loops of exact search, in AssemblyScript. `npm run build:wasm` compiles them into scan-bytes.ts.
//
// A row is a vector of D components, quantised to a byte u each: component ≈ scale · (u − 128). The upper four bits of
// all components lie in one plane, the lower four in another, so that most rows are judged from half their bytes.
// Sixteen bytes of a plane hold 32 components: component 8k + j is nibble k of 16-bit lane j.
//
// ROWS rows make a block: upper plane, lower plane, then one float per row: scale, distance between the vector and what
// its upper plane says, distance between the vector and what both planes say; then ids and groups (8 bytes each, used
// outside only) and a byte per row that is 0 for rows to be passed over.

const ROWS: i32 = 2048;

// @ts-ignore: decorator
@inline function sum(v: v128): i32 {
  const pairs = i32x4.add(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}

// A query begins with the sum of its integers (i32), what one of their units is worth, the length of the quantised
// query, and the slack: what the query's own rounding and float32 may add to a cosine. The integers follow, 16 bits
// each, in the order of the components. They go from −127 to 127 and are multiplied so that every nibble counts 256
// where it lies: by 256, 16, 1, 256 in the four nibbles of a lane.
const INTEGERS: i32 = 64;

// 256 · Σ query · nibble, of four components in each lane.
// @ts-ignore: decorator
@inline function dotPlane(x: v128, q0: v128, q1: v128, q2: v128, q3: v128): v128 {
  return i32x4.add(
    i32x4.add(
      i32x4.dot_i16x8_s(v128.and(x, i16x8.splat(0x000f)), q0),
      i32x4.dot_i16x8_s(v128.and(x, i16x8.splat(0x00f0)), q1),
    ),
    i32x4.add(
      i32x4.dot_i16x8_s(v128.and(x, i16x8.splat(0x0f00)), q2),
      i32x4.dot_i16x8_s(i16x8.shr_u(x, 12), q3),
    ),
  );
}

// Of the `count` rows noted at `out`, with 256 times their sums over the upper plane, keeps those that may reach
// `floor` by both planes.
function refine(count: i32, block: usize, bytes: i32, query: usize, floor: f32, out: usize): i32 {
  const plane = block + ROWS * bytes;
  const scales = plane + ROWS * bytes;
  const middle = 128 * load<i32>(query);
  const step = load<f32>(query, 4);
  const queryLength = load<f32>(query, 8);
  const slack = load<f32>(query, 12);
  // Fetches the rows into the cache, all at once: one after the other each would wait for memory.
  let touched = 0;
  for (let i = 0; i < count; i++) {
    let p = plane + load<i32>(out + i * 4) * bytes;
    for (const end = p + bytes; p < end; p += 64) touched ^= load<i32>(p);
  }
  store<i32>(out, touched, ROWS * 8);
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = load<i32>(out + i * 4);
    let a = i32x4.splat(0);
    let p = plane + row * bytes, w = query + INTEGERS;
    for (const end = p + bytes; p < end; p += 16, w += 64)
      a = i32x4.add(a, dotPlane(v128.load(p), v128.load(w), v128.load(w, 16), v128.load(w, 32), v128.load(w, 48)));
    const all = (load<i32>(out + i * 4, ROWS * 4) >> 4) + (sum(a) >> 8) - middle;
    const value = load<f32>(scales + row * 4) * step * <f32>all;
    const radius = queryLength * load<f32>(scales + row * 4, ROWS * 8) + slack;
    store<i32>(out + kept * 4, row);
    store<f32>(out + kept * 4, value, ROWS * 4);
    store<f32>(out + kept * 4, radius, ROWS * 8);
    kept += i32(value + radius >= floor);
  }
  return kept;
}

// Finds the rows from…to of a block whose cosine with the query may reach `floor`; `from` is a multiple of 4.
//
// Writes for each: its number in the block, its quantised cosine, and how far the true cosine may lie from that, in
// three arrays of ROWS entries at `out`. Returns how many.
export function scan(
  block: usize, bytes: i32, from: i32, to: i32, query: usize, floor: f32, masked: i32, out: usize,
): i32 {
  const scales = block + 2 * ROWS * bytes;
  const mask = scales + ROWS * (12 + 16);
  // The middle of what an upper nibble h may stand for is 16 h + 7.5 − 128 = 16 (h − 7.53125).
  const middle = f32x4.splat(7.53125 * <f32>load<i32>(query));
  const step = f32x4.splat(16 * load<f32>(query, 4));
  const queryLength = f32x4.splat(load<f32>(query, 8));
  const least = f32x4.splat(floor - load<f32>(query, 12));
  let count = 0;
  // Four rows a turn share the loads of the query. Rows past the end are computed and dropped: blocks are whole.
  for (let r = from; r < to; r += 4) {
    if (masked && !load<u32>(mask + r)) continue;
    let a = i32x4.splat(0), b = i32x4.splat(0), c = i32x4.splat(0), d = i32x4.splat(0);
    let p0 = block + r * bytes, p1 = p0 + bytes, p2 = p1 + bytes, p3 = p2 + bytes;
    let w = query + INTEGERS;
    for (const end = p1; p0 < end; p0 += 16, p1 += 16, p2 += 16, p3 += 16, w += 64) {
      const q0 = v128.load(w), q1 = v128.load(w, 16), q2 = v128.load(w, 32), q3 = v128.load(w, 48);
      a = i32x4.add(a, dotPlane(v128.load(p0), q0, q1, q2, q3));
      b = i32x4.add(b, dotPlane(v128.load(p1), q0, q1, q2, q3));
      c = i32x4.add(c, dotPlane(v128.load(p2), q0, q1, q2, q3));
      d = i32x4.add(d, dotPlane(v128.load(p3), q0, q1, q2, q3));
    }
    // The four lanes of four sums, added across: one sum a lane.
    const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
    const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
    const sums = i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
    const centred = f32x4.sub(f32x4.convert_i32x4_s(i32x4.shr_s(sums, 8)), middle);
    const value = f32x4.mul(f32x4.mul(centred, step), v128.load(scales + r * 4));
    const highest = f32x4.add(value, f32x4.mul(queryLength, v128.load(scales + r * 4, ROWS * 4)));
    let hits = i32x4.bitmask(f32x4.ge(highest, least));
    while (hits) {
      const lane = ctz(hits);
      const row = r + lane;
      hits &= hits - 1;
      store<i32>(out + count * 4, row);
      store<i32>(out + count * 4, lane < 2 ? (lane ? i32x4.extract_lane(sums, 1) : i32x4.extract_lane(sums, 0))
        : (lane == 2 ? i32x4.extract_lane(sums, 2) : i32x4.extract_lane(sums, 3)), ROWS * 4);
      count += i32(row < to) & (masked ? load<u8>(mask + row) : 1);
    }
  }
  return refine(count, block, bytes, query, floor, out);
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
  let coarse = f32x4.splat(0), fine = f32x4.splat(0);
  const upperRow = block + row * bytes, lowerRow = upperRow + ROWS * bytes;
  for (let i = 0; i < size; i += 32) {
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
  store<f32>(scales, sqrt(total(coarse)) * 1.001 + 1e-6, ROWS * 4);
  store<f32>(scales, sqrt(total(fine)) * 1.001 + 1e-6, ROWS * 8);
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
// `products` holds count × queries integers: Σ u · query. `terms` holds four arrays of `queries` entries: 128 · the
// query's sum (i32), its step, its length, and slack − floor (f32). Writes rows, queries and quantised cosines in
// three arrays of `capacity` entries at `out`, from row `from` on, and stops before a row that might not fit.
// Returns how many pairs; the row to go on with is stored at `out − 4`.
export function sift(
  block: usize, bytes: i32, from: i32, to: i32, products: usize, queries: i32, terms: usize, out: usize,
  capacity: i32,
): i32 {
  const scales = block + 2 * ROWS * bytes;
  const fine = scales + ROWS * 8;
  const stride = queries * 4;
  const zero = f32x4.splat(0);
  let count = 0, row = from;
  for (; row < to && count + queries <= capacity; row++) {
    const scale = f32x4.splat(load<f32>(scales + row * 4));
    const radius = f32x4.splat(load<f32>(fine + row * 4));
    const base = products + row * stride;
    for (let j = 0; j < stride; j += 16) {
      const t = terms + j;
      const dot = f32x4.convert_i32x4_s(i32x4.sub(v128.load(base + j), v128.load(t)));
      const value = f32x4.mul(f32x4.mul(dot, v128.load(t + stride)), scale);
      const above = f32x4.add(f32x4.add(value, f32x4.mul(radius, v128.load(t + 2 * stride))), v128.load(t + 3 * stride));
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
