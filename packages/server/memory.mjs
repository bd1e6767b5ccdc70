/**
 * How much memory the server takes: imported before anything else, while the heap is small and nothing of ours is read yet.
 * Plain JavaScript, for the same reason: reading the first TypeScript costs what is saved here.
 *
 * No limit is set: under load the heap grows as far as it must, it is only tidied sooner.
 */
import { mkdirSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

// A request lives for milliseconds and leaves little behind. V8 would let the space for new objects grow to 48 MB in the
// hope of collecting less often; at its first size a collection takes well under a millisecond.
setFlagsFromString("--semi-space-growth-factor=1");
// Old objects are collected when there are a fifth more of them, not several times as many.
// The wider --memory-saver-mode takes two fifths more processor time when many ask at once.
setFlagsFromString("--heap-growing-percent=20");

// What Node has made of the source is kept, so that a later start needs no reader of TypeScript, which takes 20 MB. It is
// kept by a checksum of each file, so a change is live as before. A cache of code is code: it lies beside the code, where
// who may write may change the code itself. Where we may not write, Node goes on without it.
const cache = fileURLToPath(new URL("../../node_modules/.cache/dayfly", import.meta.url));
try {
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  enableCompileCache(cache);
} catch {
  // The checkout is read-only.
}
