/** Whether a stream gets colours, and which. */
import pico from "picocolors";
import type { Sink, World } from "./world.ts";

/** The few colours the command line uses. */
export type Colours = Pick<ReturnType<typeof pico.createColors>, "bold" | "red" | "yellow">;

/** Colours for one stream: `--no-color`, NO_COLOR and a dumb terminal turn them off, FORCE_COLOR on. */
export function colours({ env }: Pick<World, "env">, flags: { color?: boolean }, stream: Sink): Colours {
  const off = flags.color === false || !!env.NO_COLOR || env.TERM === "dumb";
  const forced = !!env.FORCE_COLOR && env.FORCE_COLOR !== "0";
  return pico.createColors(!off && (forced || stream.isTTY === true));
}
