/** Requests as they went, and which of them a kill has cut. */

/** One request, by `performance.now()`. */
export interface Request {
  began: number;
  ended: number;
  /** error: answered with 5xx. unsent: it has never been with the server. */
  came: "answered" | "error" | "lost" | "unsent";
}

/** A request that is being sent: until it ends it counts as lost. */
export const beginRequest = (): Request => ({
  began: performance.now(),
  ended: Number.POSITIVE_INFINITY,
  came: "lost",
});

/** How many were under way at that moment and never got an answer. */
export function cutAt(requests: Request[], moment: number): number {
  const missing = requests.filter(({ came }) => came === "lost" || came === "error");
  return missing.filter(({ began, ended }) => began < moment && ended >= moment).length;
}

/** The same where the server has killed itself: that moment is when the first answer was lost. */
export function cutByItself(requests: Request[]): number {
  const lost = requests.filter(({ came }) => came === "lost");
  const moment = Math.min(...lost.map(({ ended }) => ended));
  return lost.filter(({ began }) => began < moment).length;
}
