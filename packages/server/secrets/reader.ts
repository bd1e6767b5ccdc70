/**
 * Reading static secrets for one caller: opened, with the caller's own values and with references filled in.
 *
 * Owns that nothing is opened that the caller may not read where it lies: not what a list finds below, not what is imported,
 * not what is referred to. The last stays as it is written, like a reference that leads nowhere.
 */
import { expandReferences, nameOf, type Spot } from "@dayfly/engine";
import { type Db, secretOverrides, secrets } from "@dayfly/store";
import { ownerOf } from "../access/ability.ts";
import type { Ask } from "../handler.ts";
import type { ReadRights } from "./imports.ts";
import { overridden, type Readable, shown } from "./shown.ts";

/** What a reader asked for. */
export interface Wish {
  viewSecretValue: boolean;
  expandSecretReferences: boolean;
  includePersonalOverrides?: boolean;
}

/** An audit row names so many other places at most. */
const MOST_NAMED = 100;

type Asked = Pick<Ask, "may" | "mayWithSome" | "caller" | "place" | "note">;

/** Reads for the caller of one request. */
export class Reader implements ReadRights {
  readonly #db: Db;
  readonly #ask: Asked;
  readonly #alsoRead = new Set<string>();

  constructor(db: Db, ask: Asked) {
    this.#db = db;
    this.#ask = ask;
  }

  mayReadIn: ReadRights["mayReadIn"] = ({ environment, path }) =>
    this.#ask.mayWithSome("read", "secrets", { environment, path, name: undefined });

  /** Whether the caller may read this one. */
  mayReadOne: ReadRights["mayReadOne"] = ({ environment, path, key, metadata }) =>
    this.#ask.may("read", "secrets", { environment, path, name: key, metadata });

  /** Has the audit row say that this was read too. */
  noteRead(what: string): void {
    if (this.#alsoRead.size >= MOST_NAMED) return;
    this.#alsoRead.add(what);
    this.#ask.note({ alsoRead: [...this.#alsoRead] });
  }

  /** Opens secrets that the caller may read, with the caller's own values in their places where that is wished. */
  async open(rows: secrets.SealedSecret[], wish: Wish): Promise<Readable[]> {
    const own = wish.includePersonalOverrides ? await this.overrides(rows, wish.viewSecretValue) : new Map();
    const open = async (row: secrets.SealedSecret): Promise<Readable> => {
      const override = own.get(row.id);
      // The shared value is not opened only to be covered.
      const secret = await secrets.open(this.#db, row, wish.viewSecretValue && override === undefined);
      return override === undefined ? { ...secret, type: "shared" } : overridden(secret, override);
    };
    return Promise.all(rows.map(open));
  }

  /** The caller's own values for these, by the secrets' ids. */
  overrides(rows: { id: string }[], withValue: boolean): Promise<Map<string, secretOverrides.SecretOverride>> {
    const ids = rows.map(({ id }) => id);
    return secretOverrides.of(this.#db, ids, ownerOf(this.#ask.caller.actor), withValue);
  }

  /** Secrets as an answer has them. @throws RuleBroken where references are at fault */
  async present(found: Readable[], wish: Wish): Promise<ReturnType<typeof shown>[]> {
    const { viewSecretValue, expandSecretReferences } = wish;
    if (!viewSecretValue || !expandSecretReferences) return found.map((secret) => shown(secret, viewSecretValue));
    const values = found.map(({ value, environment, path, key, type }) => ({
      text: value,
      at: { environment, path, key: type === "shared" ? key : null },
    }));
    const texts = await expandReferences(values, (spots) => this.#find(spots));
    return found.map((secret, index) => shown({ ...secret, value: texts[index]! }));
  }

  async #find(spots: Spot[]): Promise<Map<string, string>> {
    const near = spots.filter(this.mayReadIn);
    if (near.length === 0) return new Map();
    const rows = await secrets.atAll(this.#db, this.#ask.place.projectId, near);
    const pairs = rows.filter(this.mayReadOne).map(async (row): Promise<[string, string]> => {
      this.noteRead(nameOf(row));
      return [nameOf(row), (await secrets.open(this.#db, row)).value];
    });
    return new Map(await Promise.all(pairs));
  }
}
