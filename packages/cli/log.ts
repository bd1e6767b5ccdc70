/** The log of what the command line does: one line a request, at level `debug`. Never a header, never a body. */
import { appendFileSync } from "node:fs";
import type { CallReport } from "@dayfly/sdk";
import { usage } from "./exit.ts";
import type { GlobalFlags } from "./globals.ts";
import type { Redactor } from "./redact.ts";
import type { Settings } from "./settings.ts";
import type { World } from "./world.ts";

/** Takes note of requests. */
export interface Logger {
  request(report: CallReport): void;
}

const levels = ["trace", "debug", "info", "warn", "error", "fatal"];

/** The log that flags and environment ask for. */
export function log(world: World, settings: Settings, flags: GlobalFlags, redactor: Redactor): Logger {
  const level = (settings.logLevel.value ?? "info").toLowerCase();
  const format = settings.logFormat.value;
  if (!levels.includes(level)) throw usage(`The log level ${level} is none of ${levels.join(", ")}`);
  if (format !== "text" && format !== "json") throw usage(`The log format ${format} is neither text nor json`);
  if (levels.indexOf(level) > levels.indexOf("debug")) return { request: () => {} };
  const write = (line: string) => {
    const text = `${redactor.hide(line)}\n`;
    if (flags.logDestination) appendFileSync(flags.logDestination, text, { mode: 0o600 });
    else world.stderr.write(text);
  };
  return {
    request: ({ method, path, outcome, ms }) => {
      if (format === "json") write(JSON.stringify({ level: "debug", method, path, outcome, ms: Math.round(ms) }));
      else write(`debug: ${method} ${path} ${outcome} ${Math.round(ms)} ms`);
    },
  };
}
