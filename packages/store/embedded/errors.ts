/** What the supervisor of the embedded server can say no with. */

/** The embedded server cannot run on this machine or under this account; another PostgreSQL can be used instead. */
export class CannotRunHere extends Error {
  override name = "CannotRunHere";
  constructor(why: string, options?: ErrorOptions) {
    super(
      `the embedded PostgreSQL cannot run here: ${why}. ` +
        "Or use a PostgreSQL of your own: set DB_CONNECTION_URI=postgres://user:password@host:5432/database",
      options,
    );
  }
}

/** The server did not come up on a data folder that is there. Nothing in the folder was removed or reset. */
export class DidNotStart extends Error {
  override name = "DidNotStart";
  constructor(dataDir: string, lastWords: string) {
    super(
      `the embedded PostgreSQL did not start on ${dataDir}. The folder was left as it is.\n` +
        `Its last words:\n${lastWords.replace(/^/gm, "  ")}\n` +
        "If the machine is healthy (disk not full, clock and memory right), start again. If it says that WAL or data files " +
        "are damaged: move the folder aside, put your last copy of it (made while Dayfly was stopped) in its place, start " +
        "again, and keep the damaged one. Never run pg_resetwal: it makes the damage look like good data.",
    );
  }
}

/** Another live process looks after this data folder. */
export class InUseElsewhere extends Error {
  override name = "InUseElsewhere";
  constructor(dataDir: string) {
    super(
      `another Dayfly is running on ${dataDir}. Stop it first, or give this one a folder of its own (DAYFLY_DATA_DIR)`,
    );
  }
}

/** The server runs with settings under which acknowledged work could be lost. */
export class NotDurable extends Error {
  override name = "NotDurable";
  constructor(dataDir: string, wrong: string[]) {
    super(
      `refusing to keep leases in ${dataDir}: ${wrong.join(", ")}. ` +
        "Put these back in postgresql.conf and postgresql.auto.conf there, and start again",
    );
  }
}

/** The data folder was made by another major version of PostgreSQL. */
export class OtherVersion extends Error {
  override name = "OtherVersion";
  constructor(dataDir: string, made: string, ours: string) {
    super(
      `${dataDir} was made by PostgreSQL ${made}, and this Dayfly brings PostgreSQL ${ours}, which cannot read it. ` +
        `Nothing was changed: start the Dayfly that brings ${made}, or point DB_CONNECTION_URI at a PostgreSQL ${made} on it`,
    );
  }
}
