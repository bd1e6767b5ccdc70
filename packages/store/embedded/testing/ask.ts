/** One question to a server under test. */
import pg from "pg";

/** Connects, asks, and answers with the first column of the first row, as text. */
export async function ask(connection: pg.ClientConfig, sql: string): Promise<string> {
  const client = new pg.Client(connection);
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: "array" });
    return String(rows[0]?.[0]);
  } finally {
    await client.end();
  }
}
