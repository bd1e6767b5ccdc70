/** How often each thing was answered how, for a report. */
import type { Caller } from "./caller.ts";
import type { Report } from "./report.ts";

/** What a server says when it does its work and cannot help: 503 and 504 with their names. */
const declared = /: (503|504) \w/;

/** Tells each kind of answer; a 5xx that is not declared is a broken promise. */
export function tellReplies(report: Report, caller: Caller): void {
  const labels = [...caller.replies.keys()].sort();
  for (const label of labels) {
    const { count, longest, said } = caller.replies.get(label)!;
    report.tell(`answers, ${label}`, `${count} (<= ${Math.round(longest)} ms)${said && ` ${said}`}`);
  }
  const bad = labels.filter((label) => /: 5\d\d/.test(label) && !declared.test(label));
  report.none(
    "5xx that are not declared",
    bad.flatMap((label) => Array.from({ length: caller.replies.get(label)!.count }, () => label)),
  );
}
