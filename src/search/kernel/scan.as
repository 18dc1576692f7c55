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

// Σ query · nibble of one row's plane. `query` holds 16-bit integers in the order of the components.
// @ts-ignore: decorator
@inline function dotNibbles(row: usize, bytes: i32, query: usize): i32 {
  const m0 = i16x8.splat(0x000f), m1 = i16x8.splat(0x00f0), m2 = i16x8.splat(0x0f00);
  let a = i32x4.splat(0), b = i32x4.splat(0), c = i32x4.splat(0);
  for (const end = row + bytes; row < end; row += 16, query += 64) {
    const x = v128.load(row);
    a = i32x4.add(a, i32x4.dot_i16x8_s(v128.and(x, m0), v128.load(query)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v128.and(x, m1), v128.load(query, 16)));
    c = i32x4.add(c, i32x4.dot_i16x8_s(v128.and(x, m2), v128.load(query, 32)));
    a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.shr_u(x, 12), v128.load(query, 48)));
  }
  return sum(i32x4.add(a, i32x4.add(i32x4.shr_s(b, 4), i32x4.shr_s(c, 8))));
}

// Finds the rows from…to of a block whose cosine with the query may reach `floor`.
//
// Writes for each: its number in the block, its quantised cosine, and how far the true cosine may lie from that, in
// three arrays of ROWS entries at `out`. Returns how many.
//
//   bytes        D / 2, a multiple of 16
//   querySum     sum of the query's integers
//   step         what one unit of the query's integers is worth
//   queryLength  length of the quantised query
//   slack        what the query's own quantisation and rounding may add
export function scan(
  block: usize, bytes: i32, from: i32, to: i32, query: usize, querySum: i32, step: f32, queryLength: f32, slack: f32,
  floor: f32, masked: i32, out: usize,
): i32 {
  const m0 = i16x8.splat(0x000f), m1 = i16x8.splat(0x00f0), m2 = i16x8.splat(0x0f00);
  const lower = block + ROWS * bytes;
  const scales = lower + ROWS * bytes;
  const coarse = scales + ROWS * 4;
  const fine = coarse + ROWS * 4;
  const mask = fine + ROWS * 4 + ROWS * 16;
  const half: f32 = 0.5 * <f32>querySum;
  let count = 0;
  // Two rows a turn share the loads of the query. A row past the end is computed and dropped: blocks are whole.
  for (let r = from; r < to; r += 2) {
    if (masked && !load<u8>(mask + r) && (r + 1 == to || !load<u8>(mask + r + 1))) continue;
    let a = i32x4.splat(0), b = i32x4.splat(0), c = i32x4.splat(0);
    let d = i32x4.splat(0), e = i32x4.splat(0), f = i32x4.splat(0);
    let p = block + r * bytes, w = query;
    for (const end = p + bytes; p < end; p += 16, w += 64) {
      const x = v128.load(p), y = v128.load(p + bytes);
      let q = v128.load(w);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.and(x, m0), q));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.and(y, m0), q));
      q = v128.load(w, 16);
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.and(x, m1), q));
      e = i32x4.add(e, i32x4.dot_i16x8_s(v128.and(y, m1), q));
      q = v128.load(w, 32);
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.and(x, m2), q));
      f = i32x4.add(f, i32x4.dot_i16x8_s(v128.and(y, m2), q));
      q = v128.load(w, 48);
      a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.shr_u(x, 12), q));
      d = i32x4.add(d, i32x4.dot_i16x8_s(i16x8.shr_u(y, 12), q));
    }
    let upper = sum(i32x4.add(a, i32x4.add(i32x4.shr_s(b, 4), i32x4.shr_s(c, 8))));
    for (let row = r; row < r + 2; row++) {
      const scale = load<f32>(scales + row * 4) * step;
      // The middle of what an upper nibble h may stand for is 16 h + 7.5 − 128.
      const sixteenths = 16 * upper - 120 * querySum;
      const rough = scale * (<f32>sixteenths - half);
      if (rough + queryLength * load<f32>(coarse + row * 4) + slack >= floor && row < to) {
        if (!masked || load<u8>(mask + row)) {
          const all = 16 * upper + dotNibbles(lower + row * bytes, bytes, query) - 128 * querySum;
          const value = scale * <f32>all;
          const radius = queryLength * load<f32>(fine + row * 4) + slack;
          if (value + radius >= floor) {
            store<i32>(out + count * 4, row);
            store<f32>(out + count * 4, value, ROWS * 4);
            store<f32>(out + count * 4, radius, ROWS * 8);
            count++;
          }
        }
      }
      upper = sum(i32x4.add(d, i32x4.add(i32x4.shr_s(e, 4), i32x4.shr_s(f, 8))));
    }
  }
  return count;
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
