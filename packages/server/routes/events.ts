/** Events as they happen. */
import { ownerOf } from "../access/ability.ts";
import type { Handlers } from "../handler.ts";

const SEQUENCE = /^\d{1,18}$/;

export const streamEvents: Handlers["streamEvents"] = async (ask, { feed }) => {
  const { environmentSlug: environment, path } = ask.input.query;
  const { lastEventId, rights } = ask;
  const after = lastEventId !== null && SEQUENCE.test(lastEventId) ? BigInt(lastEventId) : null;
  ask.follow(
    feed.follow({ projectId: ask.project.id, environment, path, after, holder: ownerOf(ask.caller.actor), rights }),
  );
  return "";
};
