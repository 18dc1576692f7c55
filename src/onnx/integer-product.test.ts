import { expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { IntegerProduct } from "./integer-product.ts";

test("a product of bytes is exact, largest values included", async () => {
  const random = seeded(1);
  const [m, k, n] = [37, 96, 8];
  // The first row and column are the largest there are: the sum that would saturate first.
  const left = Uint8Array.from({ length: m * k }, (_, i) => (i < k ? 255 : random.below(256)));
  const right = Int8Array.from({ length: k * n }, (_, i) => (i % n === 0 ? 63 : random.below(127) - 63));
  const product = new Int32Array(m * n);
  await using engine = await IntegerProduct.open();
  await engine.run(left, right, k, product);
  const wanted = Array.from({ length: m * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += left[row * k + i]! * right[i * n + column]!;
    return sum;
  });
  expect([...product]).toEqual(wanted);
  expect(product[0]).toBe(255 * 63 * k);
});

test("a closed product says so", async () => {
  const engine = await IntegerProduct.open();
  await engine.close();
  await engine.close();
  await expect(engine.run(new Uint8Array(4), new Int8Array(4), 4, new Int32Array(1))).rejects.toThrow(
    expect.objectContaining({ code: "CLOSED" }),
  );
});
