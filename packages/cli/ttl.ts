/** TTLs and lengths of time, as they are typed and shown. */
import { readTtl } from "@dayfly/sdk";
import { usage } from "./exit.ts";

/** Checks a TTL before anything is sent: on the wire a bare number is milliseconds, which nobody means here. */
export function checkTtl(flag: string, text: string): string {
  if (/^\s*[\d.]+\s*$/.test(text))
    throw usage(`${flag} ${text} has no unit`, `Say which: ${flag} ${text.trim()}m, or ${flag} 2h`);
  const seconds = readTtl(text);
  if (seconds === null || seconds <= 0)
    throw usage(`${flag} ${text} is not a length of time`, `For example ${flag} 30m, 2h or 1d12h`);
  return text;
}

/** The seconds of a checked length of time. */
export function seconds(flag: string, text: string): number {
  return readTtl(checkTtl(flag, text))!;
}

/** `2h30m`, `45s`, `0s`. */
export function lengthOf(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1000));
  const parts: string[] = [];
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(rest / size);
    rest %= size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join("") || "0s";
}

/** ISO 8601 in UTC, whole seconds: `2026-01-31T18:00:00Z`. */
export function instant(date: Date | string): string {
  return new Date(date).toISOString().replace(/\.\d+Z$/, "Z");
}

/** `16:00:00 UTC` today, with the date on any other day. */
export function clock(date: Date, now: Date): string {
  const [day, time] = instant(date).replace("Z", "").split("T");
  return instant(now).startsWith(day!) ? `${time} UTC` : `${day} ${time} UTC`;
}
