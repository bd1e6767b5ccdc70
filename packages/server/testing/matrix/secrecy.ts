/** The forms in which a secret may hide in a text. */

/** As it is, in JSON, in a URL, in a form, in hex, and in base64 wherever in an encoded text it stands. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ "": secret }).toString().slice(1),
    hex,
    hex.toUpperCase(),
    ...[0, 1, 2].flatMap((before) => inner(bytes, before)),
  ];
}

/** What of its base64 does not depend on the bytes beside it, after so many bytes. */
function inner(bytes: Buffer, before: number): string[] {
  const whole = Buffer.concat([Buffer.alloc(before), bytes]);
  const end = Math.floor((whole.length * 8) / 6);
  const start = Math.ceil((before * 8) / 6);
  return (["base64", "base64url"] as const).map((form) => whole.toString(form).slice(start, end));
}
