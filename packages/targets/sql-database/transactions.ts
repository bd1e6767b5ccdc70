import { type Script, StatementFault } from "../statement.ts";

const CONTROL = new Set(["COMMIT", "ROLLBACK", "ABORT", "BEGIN", "START", "END", "SAVEPOINT", "RELEASE", "PREPARE"]);

/** Refuses BEGIN, COMMIT and their kin: they would end the one transaction that lets a failed lease leave nothing. */
export function refuseTransactions({ text, statements }: Script): void {
  for (const { words, start } of statements) {
    const first = words[0] ?? "";
    if (!CONTROL.has(first)) continue;
    throw new StatementFault(`${first} cannot be used: the statements already run as one transaction`, text, start);
  }
}
