/** The messages that a PostgreSQL client sends, cut out of the bytes of one connection. */

/** One message: its type, as a letter, and what it holds. A start-up has no letter. */
export interface Message {
  type: string;
  body: Buffer;
}

/** Takes chunks as they come, and gives the messages that are complete by then. */
export function readMessages(): (chunk: Buffer) => Message[] {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const messages: Message[] = [];
    for (;;) {
      const letter = started ? 1 : 0;
      if (rest.length < letter + 4) return messages;
      const end = letter + rest.readUInt32BE(letter);
      if (rest.length < end) return messages;
      messages.push({ type: started ? String.fromCharCode(rest[0]!) : "", body: rest.subarray(letter + 4, end) });
      rest = rest.subarray(end);
      started = true;
    }
  };
}

/** What one message does to a transaction, where it does; a statement counts when it is executed. */
export function actOf({ type, body }: Message): "begin" | "commit" | "rollback" | "statement" | null {
  if (type === "E") return "statement";
  if (type !== "Q") return null;
  const word = /^\s*(\w+)/.exec(body.toString("utf8", 0, 40))?.[1]?.toLowerCase();
  if (word === "begin" || word === "start") return "begin";
  return word === "commit" || word === "rollback" ? word : "statement";
}

/** The audit events that these values would write, which tell what is being done. They may be texts in an array. */
export function eventsIn({ type, body }: Message): string[] {
  if (type !== "B") return [];
  return [...body.toString("utf8").matchAll(/\\?"event\\?":\\?"([\w.-]+)/g)].map((match) => match[1]!);
}
