/** What the store itself can say no with. The HTTP layer maps each class to a row of the wire's error table. */

/** A thing that was asked for is not there, or not for this caller: the two are told alike. */
export class NotFound extends Error {
  override name = "NotFound";
  constructor(what: string, name: string) {
    super(`${what} '${name}' was not found`);
  }
}

/** A name that has to be unique is in use. */
export class Duplicate extends Error {
  override name = "Duplicate";
}

/** The root key does not open this database. Nothing has been changed. */
export class WrongRootKey extends Error {
  override name = "WrongRootKey";
  constructor() {
    super(
      "the root key does not open this database: nothing was changed. " +
        "Give the key that the database was made with (ENCRYPTION_KEY, ENCRYPTION_KEY_FILE or the root.key beside the data)",
    );
  }
}

/** A sealed value does not open: it was altered, moved, or belongs to another key. */
export class SealBroken extends Error {
  override name = "SealBroken";
}

/** The database cannot be reached; what was asked has not been done, or it is not known whether it has. */
export class Unavailable extends Error {
  override name = "Unavailable";
}

/** Another process holds what only one may hold, or moved the row first. */
export class Moved extends Error {
  override name = "Moved";
}
