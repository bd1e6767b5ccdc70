/** The end by signal: the first asks for a clean stop, the second does not wait for it. */

/** Stops what runs on SIGTERM or SIGINT and ends the process; says how it went by its exit code. */
export function stopOnSignal(stop: () => Promise<void>, tell: (error: unknown) => void): void {
  let asked = false;
  const onSignal = () => {
    if (asked) process.exit(130);
    asked = true;
    stop().then(
      () => process.exit(0),
      (error) => {
        tell(error);
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}
