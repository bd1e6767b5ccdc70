/** `config explain`: every setting in force and where it came from. No secret is shown. */
import { type Columns, checkRowFormat, MASK, printRows } from "./formats.ts";
import type { Invocation } from "./invocation.ts";
import { secretSettings } from "./settings.ts";

interface Row {
  setting: string;
  value: string | null;
  from: string;
}

const columns: Columns<Row> = [
  ["SETTING", (row) => row.setting],
  ["VALUE", (row) => row.value],
  ["FROM", (row) => row.from],
];

/** Prints the settings. Asks no server. */
export async function explainConfig(run: Invocation): Promise<void> {
  checkRowFormat(run);
  const rows = Object.entries(run.settings).map(([setting, { value, from }]): Row => {
    return { setting, value: value === undefined ? null : secretSettings.has(setting) ? MASK : value, from };
  });
  await printRows(run, [...rows, signIn(run)], columns);
}

function signIn({ settings, session }: Invocation): Row {
  const { token, clientId, clientSecret } = settings;
  const setting = "signIn";
  if (token.value) return { setting, value: "token", from: token.from };
  if (clientId.value && clientSecret.value) return { setting, value: "universal-auth", from: clientId.from };
  if (session)
    return { setting, value: `session of ${session.holder} until ${session.expiresAt}`, from: session.domain };
  return { setting, value: null, from: "not set" };
}
