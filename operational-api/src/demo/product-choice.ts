import type { Company } from "./company.ts";
import type { Product } from "./catalogue.ts";
import type { Random } from "./random.ts";

/** A product drawn by popularity. */
export function productSold({ products, popularity }: Company, random: Random): Product {
  const target = random.next() * popularity.at(-1)!;
  let low = 0;
  let high = products.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (popularity[middle]! > target) high = middle;
    else low = middle + 1;
  }
  return products[low]!;
}
