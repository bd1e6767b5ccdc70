/**
 * A hand inside the published Node SDK: reads one call a line, makes it, answers one line. It knows no method by name.
 *
 *   node hand.mjs FOLDER URL      FOLDER holds node_modules/@infisical/sdk
 *
 * In: {"path": ["secrets", "listSecrets"], "args": [{…}]}, or {"methods": true}. Out: {"value": …} or {"error": {…}}.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [folder, siteUrl] = process.argv.slice(2);
const { InfisicalSDK } = createRequire(join(folder, "package.json"))("@infisical/sdk");
const sdk = new InfisicalSDK({ siteUrl });

/** `sdk.secrets()` and the like are functions that give a part of the SDK; deeper parts are objects or such functions. */
const partOf = (whole, name) => (typeof whole[name] === "function" ? whole[name]() : whole[name]);

const ownNames = (part) =>
  [...Object.keys(part), ...Object.getOwnPropertyNames(Object.getPrototypeOf(part))].filter(
    (name) => !["apiClient", "constructor", "sdkAuthenticator"].includes(name) && !(name in Object.prototype),
  );

function methods() {
  const found = [];
  const parts = Object.keys(sdk).filter((name) => typeof sdk[name] === "function" && name !== "authenticate");
  for (const name of parts) {
    const part = sdk[name]();
    for (const inner of ownNames(part)) {
      if (typeof part[inner] === "function") found.push([name, inner]);
      else if (part[inner] && typeof part[inner] === "object")
        for (const method of Object.keys(part[inner])) found.push([name, inner, method]);
    }
  }
  return found;
}

async function make({ path, args }) {
  const part = path.slice(0, -1).reduce(partOf, sdk);
  const value = await part[path.at(-1)](...args);
  return value === sdk ? "the SDK" : value;
}

for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line);
  let answer;
  try {
    answer = { value: call.methods ? methods() : await make(call) };
  } catch (error) {
    // The SDK tells the status in its text alone.
    const status = Number(/\[StatusCode=(\d+)\]/.exec(error.message)?.[1]) || null;
    answer = { error: { name: error.constructor.name, message: error.message, status } };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
