/** Routes that are about a person's own sessions and password are not for machines. */
import type { Ask } from "../handler.ts";
import { Refusal } from "../refusal.ts";

/** Who asks, and in which session. @throws Refusal 403 for a machine */
export function person({ caller, sessionId }: Pick<Ask, "caller" | "sessionId">): {
  userId: string;
  sessionId: string;
} {
  const { type, id } = caller.actor;
  if (type !== "user" || id === null || sessionId === null) {
    throw new Refusal("ForbiddenError", "This is for people: sign in with an e-mail address and a password");
  }
  return { userId: id, sessionId };
}
