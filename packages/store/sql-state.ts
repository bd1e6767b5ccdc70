/** What PostgreSQL's error codes mean to us. */

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as { code?: string }).code : undefined;
}

/** Whether a row of that unique key is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === "23505";
}
