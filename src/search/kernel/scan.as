// The loops of exact search, in AssemblyScript. `npm run build:wasm` compiles them into scan-bytes.ts.
//
// A row is a vector of D components, quantised to a byte u each: component ≈ scale · (u − 128). The upper four bits of
// all components lie in one plane, the lower four in another, so that most rows are judged from half their bytes.
// Sixteen bytes of a plane hold 32 components: component 8k + j is nibble k of 16-bit lane j.
//
// ROWS rows make a block: upper plane, lower plane, then one float per row: scale, distance between the vector and what
// its upper plane says, distance between the vector and what both planes say, distance as the first but without the
// components of the first FIRST bytes, length of what the vector has outside of the axes that rows are kept in; then ids
// and groups (8 bytes each, used outside only), and a byte per row that is 0 for rows to be passed over.
//
// A search is a survey of all blocks, which notes the rows that may reach the floor so far by their upper plane, while those
// that look best raise it; at the end those that may still reach it are weighed by all their bits.

const ROWS: i32 = 2048;
// Where a block has its mask, from the first of its floats on.
const MASK: i32 = ROWS * (20 + 16);
// Entries between the arrays of what a survey notes: rows, sums, cosines by the upper plane, and the highest they can be. A few
// more than are ever noted, because four at a time are written.
const NOTED: i32 = 4096 + 16;

// A query begins with the sum of its integers (i32), what one of their units is worth, the length of the quantised
// query, and the slack: what the query's own rounding and float32 may add to a cosine; then, without the components of
// the first FIRST bytes, the sum and the length; then the length of what it has outside of the axes, and where many are
// asked at once its floor, and two numbers that `surveyMany` makes of it. Its integers follow, from −127 to 127, as the
// instructions of this build want them:
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
      const radius = length * load<f32>(field, ROWS * 8) + outside * load<f32>(field, ROWS * 16);
      kept += i32(value + radius + open * load<f32>(field, ROWS * 12) >= least);
    }
  }
  return kept;
}

// Of a block's rows noted from…to, keeps those that may reach `floor` by both planes; `start` is the number of the block's
// first row. Writes their numbers in the block, their quantised cosines, and how far the true cosines may lie from those, in
// three arrays of ROWS entries at `out`, and behind them how many it had to look at. Returns how many are kept.
//
// The first bytes of the lower plane already exclude most: what is left open then is by Cauchy and Schwarz the length of
// the rest of the query times the distance in the rest of the row, for halves about half of what it was.
export function weigh(
  block: usize, bytes: i32, start: i32, from: i32, to: i32, query: usize, floor: f32, noted: usize, out: usize,
): i32 {
  const scales = block + 2 * ROWS * bytes;
  const least = floor - load<f32>(query, 12);
  let count = 0;
  for (let at = noted + from * 4, end = noted + to * 4; at < end; at += 4) {
    store<i32>(out + count * 4, load<i32>(at) - start);
    store<i32>(out + count * 4, load<i32>(at, NOTED * 4) << 4, ROWS * 4);
    count += i32(load<f32>(at, NOTED * 12) >= least);
  }
  store<i32>(out, count, ROWS * 12);
  const middle: f32 = 128.0 * <f32>load<i32>(query);
  const rest: f32 = 7.5 * <f32>load<i32>(query, 16);
  const first = min(FIRST, bytes);
  let kept = refine(count, block, bytes, 0, first, query, middle - rest, load<f32>(query, 20), floor, out);
  if (first < bytes) kept = refine(kept, block, bytes, first, bytes, query, middle, 0, floor, out);
  for (let i = 0; i < kept; i++) {
    const row = load<i32>(out + i * 4);
    bound(scales + row * 4, load<i32>(out + i * 4, ROWS * 4), query, out + i * 4);
  }
  return kept;
}

// Writes, at `out` and ROWS · 4 bytes behind each other, the cosine by both planes of a row with this sum over them, from the second
// place on, and how far the true one may lie from it.
// @ts-ignore: decorator
@inline function bound(field: usize, sum: i32, query: usize, out: usize): void {
  const all = <f32>sum - 128.0 * <f32>load<i32>(query);
  store<f32>(out, load<f32>(field) * load<f32>(query, 4) * all, ROWS * 4);
  const radius = load<f32>(query, 8) * load<f32>(field, ROWS * 8) + load<f32>(query, 24) * load<f32>(field, ROWS * 16);
  store<f32>(out, radius + load<f32>(query, 12), ROWS * 8);
}

// Writes the cosine by both planes of one row, and how far the true one may lie from it, as the first that `weigh` would.
export function weighOne(block: usize, bytes: i32, row: i32, query: usize, out: usize): void {
  const upper = block + row * bytes, integers = query + INTEGERS;
  const sum = (oneSum(upper, bytes, integers) << 4) + oneSum(upper + ROWS * bytes, bytes, integers);
  bound(block + 2 * ROWS * bytes + row * 4, sum, query, out);
}

// Notes a row, one over the other unless it counts.
// @ts-ignore: decorator
@inline function note(at: usize, row: i32, sum: i32, value: f32, highest: f32): void {
  store<i32>(at, row);
  store<i32>(at, sum, NOTED * 4);
  store<f32>(at, value, NOTED * 8);
  store<f32>(at, highest, NOTED * 12);
}

// Σ query · nibble of one row over as many turns of 16 bytes as `turns` says, up to five, with the query's integers at hand.
// @ts-ignore: decorator
@inline function shortSum(
  p: usize, turns: i32, q0: v128, q1: v128, q2: v128, q3: v128, q4: v128, q5: v128, q6: v128, q7: v128, q8: v128, q9: v128,
): v128 {
  const none = i32x4.splat(0);
  let sums = multiply(none, v128.load(p), q0, q1, none, none);
  if (turns > 1) sums = multiply(sums, v128.load(p, 16), q2, q3, none, none);
  if (turns > 2) sums = multiply(sums, v128.load(p, 32), q4, q5, none, none);
  if (turns > 3) sums = multiply(sums, v128.load(p, 48), q6, q7, none, none);
  if (turns < 5) return widen(sums);
  return i32x4.add(widen(sums), widen(multiply(none, v128.load(p, 64), q8, q9, none, none)));
}

// Sixteen bytes of a query's integers; none beyond its end.
// @ts-ignore: decorator
@inline function part(query: usize, number: i32, turns: i32): v128 {
  return number < 2 * turns ? v128.load(query + INTEGERS + 16 * number) : i32x4.splat(0);
}

// Numbers of a survey that are the same for all rows, four times each: what to take off a sum, what one of it is worth, the
// length of the query, and of what it has outside, and the floor less the slack. They are written down at `terms`, because the
// engine would compute them anew for every row.
// @ts-ignore: decorator
@inline function writeTerms(query: usize, floor: f32, terms: usize): void {
  // The middle of what an upper nibble h may stand for is 16 h + 7.5 − 128 = 16 (h − 7.53125).
  v128.store(terms, f32x4.splat(7.53125 * <f32>load<i32>(query)));
  v128.store(terms, f32x4.splat(16 * load<f32>(query, 4)), 16);
  v128.store(terms, v128.load32_splat(query + 8), 32);
  v128.store(terms, v128.load32_splat(query + 24), 48);
  v128.store(terms, f32x4.splat(floor - load<f32>(query, 12)), 64);
}

// Cosines of four rows by the sums over their upper planes.
// @ts-ignore: decorator
@inline function cosinesOf(sums: v128, field: usize, terms: usize): v128 {
  const centred = f32x4.sub(f32x4.convert_i32x4_s(sums), v128.load(terms));
  return f32x4.mul(f32x4.mul(centred, v128.load(terms, 16)), v128.load(field));
}

// The highest that the true cosines of four rows can be, but for the query's slack.
// @ts-ignore: decorator
@inline function highestOf(cosines: v128, field: usize, terms: usize): v128 {
  return f32x4.add(
    f32x4.add(cosines, f32x4.mul(v128.load(terms, 32), v128.load(field, ROWS * 4))),
    f32x4.mul(v128.load(terms, 48), v128.load(field, ROWS * 16)),
  );
}

// Notes those of four rows, of which the first has this number, whose bits are set in `hits`, behind the `count` that are noted
// at `out`: numbers, sums, cosines, and the highest that the true ones can be but for the query's slack. Returns how many are
// noted then.
function noteHits(
  hits: i32, row: i32, sums: v128, field: usize, terms: usize, count: i32, out: usize,
): i32 {
  const value = cosinesOf(sums, field, terms), highest = highestOf(value, field, terms);
  note(out + count * 4, row, i32x4.extract_lane(sums, 0), f32x4.extract_lane(value, 0), f32x4.extract_lane(highest, 0));
  count += hits & 1;
  note(out + count * 4, row + 1, i32x4.extract_lane(sums, 1), f32x4.extract_lane(value, 1), f32x4.extract_lane(highest, 1));
  count += (hits >> 1) & 1;
  note(out + count * 4, row + 2, i32x4.extract_lane(sums, 2), f32x4.extract_lane(value, 2), f32x4.extract_lane(highest, 2));
  count += (hits >> 2) & 1;
  note(out + count * 4, row + 3, i32x4.extract_lane(sums, 3), f32x4.extract_lane(value, 3), f32x4.extract_lane(highest, 3));
  return count + (hits >> 3);
}

// `survey` of rows of up to five turns that are all looked at, and none of which is past the end: the query's integers stay in
// the processor.
// @ts-ignore: decorator
@inline function surveyShort(
  turns: i32, block: usize, from: i32, to: i32, start: i32, query: usize, count: i32, out: usize, terms: usize,
): i32 {
  const bytes = 16 * turns;
  let field = block + 2 * ROWS * bytes + from * 4;
  let p = block + from * bytes;
  const first = p, end = block + to * bytes;
  const q0 = part(query, 0, turns), q1 = part(query, 1, turns), q2 = part(query, 2, turns), q3 = part(query, 3, turns);
  const q4 = part(query, 4, turns), q5 = part(query, 5, turns), q6 = part(query, 6, turns), q7 = part(query, 7, turns);
  const q8 = part(query, 8, turns), q9 = part(query, 9, turns);
  do {
    const sums = across(
      shortSum(p, turns, q0, q1, q2, q3, q4, q5, q6, q7, q8, q9),
      shortSum(p + bytes, turns, q0, q1, q2, q3, q4, q5, q6, q7, q8, q9),
      shortSum(p + 2 * bytes, turns, q0, q1, q2, q3, q4, q5, q6, q7, q8, q9),
      shortSum(p + 3 * bytes, turns, q0, q1, q2, q3, q4, q5, q6, q7, q8, q9),
    );
    const hits = i32x4.bitmask(
      f32x4.ge(highestOf(cosinesOf(sums, field, terms), field, terms), v128.load(terms, 64)),
    );
    if (hits) count = noteHits(hits, start + from + <i32>(p - first) / bytes, sums, field, terms, count, out);
    field += 16;
    p += 4 * bytes;
  } while (p < end);
  return count;
}

// Looks at the upper plane of the rows from…to of a block, of which the first has the number `start`; `from` is a multiple of
// 4. Notes those whose cosine may reach `floor` by this look behind the `count` that are noted at `out`, see `noteHits`, and
// returns how many are noted then.
export function survey(
  block: usize, bytes: i32, from: i32, to: i32, start: i32, query: usize, floor: f32, masked: i32, count: i32, out: usize,
): i32 {
  const terms = out + NOTED * 16;
  writeTerms(query, floor, terms);
  if (RELAXED && !masked && bytes <= 80) {
    const whole = to & ~3;
    if (from < whole) {
      if (bytes == 16) count = surveyShort(1, block, from, whole, start, query, count, out, terms);
      else if (bytes == 32) count = surveyShort(2, block, from, whole, start, query, count, out, terms);
      else if (bytes == 48) count = surveyShort(3, block, from, whole, start, query, count, out, terms);
      else if (bytes == 64) count = surveyShort(4, block, from, whole, start, query, count, out, terms);
      else count = surveyShort(5, block, from, whole, start, query, count, out, terms);
    }
    from = whole;
  }
  const scales = block + 2 * ROWS * bytes;
  const mask = scales + MASK;
  for (let r = from; r < to; r += 4) {
    if (masked && !load<u32>(mask + r)) continue;
    const p = block + r * bytes, field = scales + r * 4;
    const sums = fourSums(p, p + bytes, p + 2 * bytes, p + 3 * bytes, bytes, query + INTEGERS);
    let hits = i32x4.bitmask(
      f32x4.ge(highestOf(cosinesOf(sums, field, terms), field, terms), v128.load(terms, 64)),
    );
    // Rows past the end are computed and dropped: blocks are whole.
    if (r + 4 > to) hits &= (1 << (to - r)) - 1;
    // Brings the last bits of four bytes together in the upper four.
    if (masked) hits &= (load<u32>(mask + r) * 0x10204080) >>> 28;
    if (hits) count = noteHits(hits, start + r, sums, field, terms, count, out);
  }
  return count;
}

// Keeps, of `count` rows noted at `noted`, those that may reach `floor`. Returns how many.
export function thin(count: i32, query: usize, floor: f32, noted: usize): i32 {
  const least = floor - load<f32>(query, 12);
  let kept = 0;
  for (let at = noted, end = noted + count * 4; at < end; at += 4) {
    const highest = load<f32>(at, NOTED * 12);
    note(noted + kept * 4, load<i32>(at), load<i32>(at, NOTED * 4), load<f32>(at, NOTED * 8), highest);
    kept += i32(highest >= least);
  }
  return kept;
}

// Writes the places of those rows, of the ones noted from…to at `noted`, whose cosine by the upper plane is `least` or more, at
// `out`; returns how many.
export function best(from: i32, to: i32, least: f32, noted: usize, out: usize): i32 {
  let count = 0;
  for (let i = from; i < to; i++) {
    store<i32>(out + count * 4, i);
    count += i32(load<f32>(noted + i * 4, NOTED * 8) >= least);
  }
  return count;
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
  let wide = i32x4.splat(0);
  for (const end = p + bytes; p < end; p += 16, query += TURN) {
    const q0 = v128.load(query), q1 = v128.load(query, 16), q2 = further(query + 32), q3 = further(query + 48);
    wide = RELAXED
      ? i32x4.add(wide, widen(multiply(i32x4.splat(0), v128.load(p), q0, q1, q2, q3)))
      : multiply(wide, v128.load(p), q0, q1, q2, q3);
  }
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

// Vectors may be this long at most (their squared length is 1 within `UNIT_TOLERANCE` of core).
const LONGEST: f64 = 1.0006;
// Covers float32 rounding in these loops: at most a few units of 2⁻²⁴ of values below 32.
const ARITHMETIC: f64 = 2e-5;

// The length of what the vector of `columns` floats at `given` has outside of `size` axes, rounded up, where it has the
// coordinates at `vector` along them. The length of the exact coordinates may be `error` smaller.
export function outside(vector: usize, size: i32, given: usize, columns: i32, error: f64): f32 {
  const most = max(0.0, square(given, columns) - square(vector, size) + 2 * error * (LONGEST + error));
  return <f32>(sqrt(most) * 1.000001);
}

// Σ x² of as many floats, a multiple of 4.
// @ts-ignore: decorator
@inline function square(at: usize, size: i32): f64 {
  let a = f64x2.splat(0), b = f64x2.splat(0);
  for (const end = at + size * 4; at < end; at += 16) {
    const x = v128.load(at);
    const low = f64x2.promote_low_f32x4(x), high = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 0, 1));
    a = f64x2.add(a, f64x2.mul(low, low));
    b = f64x2.add(b, f64x2.mul(high, high));
  }
  a = f64x2.add(a, b);
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
}

// Length of what integers with this sum of squares stand for, rounded up.
// @ts-ignore: decorator
@inline function lengthOf(squares: i32, step: f32): f32 {
  return <f32>(<f64>step * sqrt(<f64>squares) * 1.000001);
}

// Slack of a query whose integers are off by this sum of squares, and whose products by `turning`.
// @ts-ignore: decorator
@inline function slackOf(squares: f64, turning: f64): f32 {
  return <f32>(sqrt(squares) * (LONGEST + turning) * 1.001 + turning + ARITHMETIC);
}

// Rounds the turned query at `vector` (`size` floats) to whole numbers from −levels to levels, which take its place in 16 bits
// each, and writes it at `query` as the other loops want it.
//
// Along the axes the cosine of a row is q·x. With q = q̂ + f and x = x̂ + e, where hats are the quantised vectors,
// |q·x − q̂·x̂| = |q̂·e + f·x| ≤ ‖q̂‖‖e‖ + ‖f‖‖x‖: the length times the row's distance, plus the slack. By `turning` the product of
// two turned vectors can miss that of the exact ones. Outside of the axes it is at most one length there times the other.
export function ask(
  vector: usize, size: i32, levels: i32, turning: f64, residual: f32, query: usize,
): void {
  let top: f32 = 0;
  for (let i = 0; i < size; i++) top = max(top, abs(load<f32>(vector + i * 4)));
  // The loops compute with the step as a float32, so that is what counts.
  const step = <f32>(<f64>top / <f64>levels);
  let sum = 0, squares = 0, firstSum = 0, firstSquares = 0;
  let error = 0.0;
  for (let i = 0; i < size; i++) {
    if (i == 2 * FIRST) {
      firstSum = sum;
      firstSquares = squares;
    }
    const x = <f64>load<f32>(vector + i * 4);
    // A query at right angles to every axis has no step.
    const value = step > 0 ? max(-levels, min(levels, <i32>nearest(x / <f64>step))) : 0;
    const off = x - <f64>value * <f64>step;
    sum += value;
    squares += value * value;
    error += off * off;
    store<i16>(vector + i * 2, <i16>value);
    if (RELAXED) {
      // Component i is nibble (i >> 3) & 3 of lane i & 7 in its 32: byte 2 · lane, or the one behind, low or high.
      const lane = i & 7, nibble = (i >> 3) & 3;
      store<i8>(query + INTEGERS + (i & ~31) + 16 * (nibble & 1) + 2 * lane + (nibble >> 1), <i8>value);
    } else {
      const nibble = (i >> 3) & 3;
      store<i16>(query + INTEGERS + i * 2, <i16>(value << (nibble == 1 ? 4 : nibble == 2 ? 0 : 8)));
    }
  }
  store<i32>(query, sum);
  store<f32>(query, step, 4);
  store<f32>(query, lengthOf(squares, step), 8);
  store<f32>(query, slackOf(error, turning), 12);
  const long = size > 2 * FIRST;
  store<i32>(query, long ? sum - firstSum : 0, 16);
  store<f32>(query, long ? lengthOf(squares - firstSquares, step) : 0, 20);
  store<f32>(query, residual, 24);
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
