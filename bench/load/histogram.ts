/** How long things took: counts in buckets that grow by a sixteenth, so a percentile is exact to about 4 %. */

const PER_DOUBLING = 16;
/** From a microsecond to about an hour. */
const BUCKETS = 32 * PER_DOUBLING;

/** Durations as they come; percentiles in milliseconds. */
export class Histogram {
  #counts = new Uint32Array(BUCKETS);
  #total = 0;
  #max = 0;

  add(ms: number): void {
    const bucket = ms <= 0.001 ? 0 : Math.ceil(Math.log2(ms * 1000) * PER_DOUBLING);
    this.#counts[Math.min(bucket, BUCKETS - 1)]! += 1;
    this.#total += 1;
    if (ms > this.#max) this.#max = ms;
  }

  /** Takes in what another has counted. */
  join(other: Histogram): void {
    other.#counts.forEach((count, bucket) => {
      this.#counts[bucket]! += count;
    });
    this.#total += other.#total;
    this.#max = Math.max(this.#max, other.#max);
  }

  get total(): number {
    return this.#total;
  }

  get max(): number {
    return this.#max;
  }

  /** The upper edge of the bucket in which that share of all durations ends; 0 when there are none. */
  at(share: number): number {
    let left = Math.ceil(this.#total * share);
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      left -= this.#counts[bucket]!;
      if (left <= 0 && this.#total > 0) return Math.min(2 ** (bucket / PER_DOUBLING) / 1000, this.#max);
    }
    return this.#max;
  }
}
