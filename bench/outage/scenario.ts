/** One outage: what is done to what, and the flags that size it. */
import { type Flags, readFlags, type Values } from "../rig/flags.ts";
import { Report } from "../rig/report.ts";

/** A scenario as the command line sees it. */
export interface Scenario {
  name: string;
  does: string;
  flags: Flags;
  /** `others` are flags that the command line may hold besides. */
  run(args: string[], others: Flags): Promise<void>;
}

/** Makes a scenario of a function that fills a report. */
export function scenario<F extends Flags>(made: {
  name: string;
  does: string;
  flags: F;
  run(values: Values<F>, report: Report): Promise<void>;
}): Scenario {
  return {
    ...made,
    async run(args, others) {
      const { values } = readFlags<Flags>(args, { ...others, ...made.flags });
      const own = Object.fromEntries(Object.keys(made.flags).map((name) => [name, values[name]])) as Values<F>;
      const report = new Report(`outage ${made.name}`, own);
      await made.run(own, report);
      report.finish();
    },
  };
}
