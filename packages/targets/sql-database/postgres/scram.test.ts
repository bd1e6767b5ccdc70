import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { scramVerifier } from "./scram.ts";

describe("a SCRAM verifier", () => {
  test("is the one of RFC 7677's example", async () => {
    const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
    assert.equal(
      await scramVerifier("pencil", 4096, salt),
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    );
  });

  test("has a salt of its own each time", async () => {
    assert.notEqual(await scramVerifier("pencil", 1), await scramVerifier("pencil", 1));
  });

  test("is refused where SASLprep could change the password, without naming it", async () => {
    await assert.rejects(scramVerifier("päss", 1), (error: Error) => !error.message.includes("päss"));
  });
});
