/** Where the supervisor tells what happened; pino fits. Fields never hold a secret. */
export interface Log {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** Tells nobody. */
export const quiet: Log = { info() {}, warn() {}, error() {} };
