/** What is told of a draft before it is saved. */
import type { SampleStatement, Step } from "@dayfly/targets";

/** One step of a verification and how long it took. */
export interface TimedStep extends Step {
  durationMs: number;
}

/** What somebody should look at before saving; an error would be refused. */
export interface Finding {
  severity: "error" | "warning";
  /** Where in the request. */
  path: (string | number)[];
  message: string;
}

export interface Preview {
  username: string;
  statements: SampleStatement[];
  findings: Finding[];
}
