import { type Script, StatementFault } from "../statement.ts";

const CONTROL = new Set(["COMMIT", "ROLLBACK", "ABORT", "BEGIN", "START", "END", "SAVEPOINT", "RELEASE"]);

/** Refuses BEGIN, COMMIT and their kin: they would end the one transaction that lets a failed lease leave nothing. */
export function refuseTransactions({ text, statements }: Script): void {
  let inBody = false;
  for (const { words, start } of statements) {
    const [first = "", second] = words;
    // The body of a standard-SQL function: BEGIN ATOMIC …; …; END.
    if (inBody && first === "END") inBody = false;
    else if (first === "PREPARE" && second === "TRANSACTION") throw refused(text, start, "PREPARE TRANSACTION");
    else if (!inBody && CONTROL.has(first)) throw refused(text, start, first);
    if (words.includes("ATOMIC")) inBody = true;
  }
}

function refused(text: string, at: number, word: string): StatementFault {
  return new StatementFault(`${word} cannot be used: the statements already run as one transaction`, text, at);
}
