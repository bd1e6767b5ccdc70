/** How long a lease may live: bounds by setting, by type and by configuration. */
import type { Capabilities } from "@dayfly/targets";
import type { EngineSettings, Ttl } from "./api.ts";
import { InvalidInputs, RuleBroken } from "./errors.ts";

/** Ten years; no lease and no maximum is longer. */
export const LONGEST_TTL = 315_576_000;

/** "41m", "2h", "1d 3h": whole units, two at most, rounded down. */
export function inWords(seconds: number): string {
  const units: [string, number][] = [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ];
  const parts: string[] = [];
  let rest = Math.floor(seconds);
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "0s";
}

/** The most seconds a lease may live under this maximum. */
export function ceiling(maxTtlSeconds: number | null, capabilities: Capabilities): number {
  return Math.min(maxTtlSeconds ?? LONGEST_TTL, capabilities.maxTtl ?? LONGEST_TTL);
}

/** In the wire's words. */
function tooShort(text: string, least: number): string {
  return `TTL must be a greater than ${least === 60 ? "1min" : inWords(least)}; ${text} was given`;
}

/** Checks the TTLs of a configuration at save. @throws InvalidInputs */
export function checkTtls(
  settings: Pick<EngineSettings, "minTtl">,
  capabilities: Capabilities,
  defaultTtl: { seconds: number; text: string },
  maxTtl: Ttl | null,
): void {
  const least = Math.max(settings.minTtl, capabilities.minTtl);
  const issues: { path: (string | number)[]; message: string }[] = [];
  const check = (path: string, ttl: Ttl): void => {
    if (ttl.seconds < least)
      issues.push({
        path: [path],
        message: tooShort(ttl.text, least),
      });
    if (capabilities.maxTtl !== null && ttl.seconds > capabilities.maxTtl) {
      issues.push({
        path: [path],
        message: `${ttl.text} is longer than the ${inWords(capabilities.maxTtl)} that this target allows`,
      });
    }
  };
  check("defaultTTL", defaultTtl);
  if (maxTtl) {
    check("maxTTL", maxTtl);
    if (defaultTtl.seconds > maxTtl.seconds) {
      issues.push({
        path: ["defaultTTL"],
        message: `the default TTL ${defaultTtl.text} is longer than the max TTL ${maxTtl.text}: lower the one or raise the other`,
      });
    }
  }
  if (issues.length > 0) throw new InvalidInputs(issues);
}

/** The seconds of a new lease. @throws RuleBroken above the maximum, InvalidInputs below the floor */
export function leaseTtl(
  settings: Pick<EngineSettings, "minTtl">,
  capabilities: Capabilities,
  asked: number | null,
  secret: { default_ttl_seconds: number; max_ttl_seconds: number | null },
): number {
  const seconds = asked ?? secret.default_ttl_seconds;
  const most = ceiling(secret.max_ttl_seconds, capabilities);
  if (seconds > most) {
    throw new RuleBroken(
      `TTL cannot be larger than max TTL: ${inWords(seconds)} was asked for, ${inWords(most)} is the most`,
    );
  }
  const least = Math.max(settings.minTtl, capabilities.minTtl);
  if (seconds < least) {
    throw new InvalidInputs([{ path: ["ttl"], message: tooShort(inWords(seconds), least) }]);
  }
  return seconds;
}
