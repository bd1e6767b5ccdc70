/**
 * What a node that died between two steps of a deletion, or a target that never answered, left undone. Looked at when an
 * engine starts and once a minute; with nothing to do it costs two small questions.
 */
import { audit, leftBehind, remains } from "@dayfly/store";
import type { Context } from "./context.ts";
import { leaveBehind } from "./left-behind.ts";
import { clearAway } from "./remains.ts";

const EVERY_MS = 60_000;

/** Finishes forced deletions and clears away what nothing holds. */
export async function tidy(context: Context): Promise<void> {
  const dynamicSecretIds = await leftBehind.forcedAndHeld(context.store);
  if (dynamicSecretIds.length > 0) await leaveBehind(context, audit.systemCaller, { dynamicSecretIds });
  await clearAway(context, await remains.uncleared(context.store));
}

/** Tidies now and every minute until stopped. */
export function keepTidy(context: Context): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const pass = async (): Promise<void> => {
    await tidy(context).catch((error) =>
      context.log.warn({ err: error }, "what deletions left could not be looked at; it is tried again"),
    );
    if (!stopped) timer = setTimeout(() => (running = pass()), EVERY_MS).unref();
  };
  let running = pass();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
