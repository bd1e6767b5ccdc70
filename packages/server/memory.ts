/**
 * How much memory V8 may take before it tidies up: imported first, while the heap is still small.
 *
 * A request here lives for milliseconds and leaves little behind. V8 would let the space for new objects grow to 48 MB in
 * the hope of collecting less often; at its first size a collection takes well under a millisecond.
 */
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--semi-space-growth-factor=1");
