/** Writing static secrets, shared and personal. */
import { secretOverrides, secrets, type Tx } from "@dayfly/store";
import { ownerOf } from "../access/ability.ts";
import type { Ask, Handlers } from "../handler.ts";
import { Refusal } from "../refusal.ts";
import { folderFor, folderOf } from "../secrets/home.ts";
import { overridden, shown } from "../secrets/shown.ts";

export const createSecret: Handlers["createSecret"] = async (ask) => {
  const { body, params } = ask.input;
  return ask.write(async (tx) => {
    if (body.type === "personal") {
      const own = await overriddenBy(tx, ask, params.secretName);
      return { secret: shown(overridden(own.secret, await secretOverrides.create(tx, own, textsOf(body)))) };
    }
    const folder = await folderFor(tx, ask);
    const draft = { ...textsOf(body), ...labelsOf(body) };
    return { secret: answered(ask, await secrets.create(tx, folder, params.secretName, draft)) };
  });
};

export const updateSecret: Handlers["updateSecret"] = async (ask) => {
  const { body, params } = ask.input;
  ask.note({ fields: changeable.filter((name) => body[name] !== undefined && body[name] !== null) });
  const { newSecretName: newKey } = body;
  return ask.write(async (tx) => {
    if (body.type === "personal") {
      if (newKey !== undefined) throw new Refusal("BadRequest", "A personal override has the name of its secret");
      const own = await overriddenBy(tx, ask, params.secretName);
      return { secret: shown(overridden(own.secret, await secretOverrides.update(tx, own, textsOf(body)))) };
    }
    const folder = await folderOf(tx, ask.place);
    const change = { ...textsOf(body), ...labelsOf(body), newKey };
    return { secret: answered(ask, await secrets.update(tx, folder, params.secretName, change)) };
  });
};

// The official CLI says `personal` when nothing is said. That never takes the secret itself, which everybody reads.
export const deleteSecret: Handlers["deleteSecret"] = async (ask) => {
  const { body, params } = ask.input;
  return ask.write(async (tx) => {
    if (body.type === "personal") {
      const own = await overriddenBy(tx, ask, params.secretName);
      const found = await secretOverrides.of(tx, [own.secret.id], own.owner, false);
      if (found.size === 0) {
        throw new Refusal(
          "NotFound",
          `You have no personal override of '${params.secretName}'; to delete the secret itself, send the type 'shared'`,
        );
      }
      return { secret: shown(overridden(own.secret, await secretOverrides.remove(tx, own))) };
    }
    const folder = await folderOf(tx, ask.place);
    return { secret: answered(ask, await secrets.remove(tx, folder, params.secretName)) };
  });
};

/** Who may write a secret and not read it does not get its value back. */
function answered({ may }: Pick<Ask, "may">, secret: secrets.Secret) {
  const { key: name, metadata } = secret;
  return shown({ ...secret, type: "shared" }, may("read", "secrets", { name, metadata }));
}

const changeable = [
  "secretValue",
  "newSecretName",
  "secretComment",
  "skipMultilineEncoding",
  "secretMetadata",
  "tagIds",
  "secretReminderNote",
  "secretReminderRepeatDays",
] as const;

interface Given {
  secretValue?: string | null;
  secretComment?: string | null;
  skipMultilineEncoding?: boolean | null;
  secretMetadata?: { key: string; value: string }[] | null;
  tagIds?: string[] | null;
  secretReminderNote?: string | null;
  secretReminderRepeatDays?: number | null;
}

function textsOf(body: Given): secretOverrides.OverrideDraft {
  return {
    value: body.secretValue ?? undefined,
    comment: body.secretComment ?? undefined,
    skipMultilineEncoding: body.skipMultilineEncoding ?? undefined,
  };
}

/** What only the shared secret has. "" and 0 take a reminder away. */
function labelsOf(body: Given): secrets.SecretDraft {
  const { secretReminderNote: note, secretReminderRepeatDays: days } = body;
  return {
    metadata: body.secretMetadata ?? undefined,
    tagIds: body.tagIds ?? undefined,
    reminderNote: note === undefined || note === null ? undefined : note || null,
    reminderRepeatDays: days === undefined || days === null ? undefined : days || null,
  };
}

/** The shared secret that the caller's own value stands for, without its value. @throws Refusal, NotFound */
async function overriddenBy(
  tx: Tx,
  { place, caller }: Pick<Ask, "place" | "caller">,
  key: string,
): Promise<{ secret: secrets.Secret; owner: string }> {
  const row = await secrets.at(tx, place.projectId, { ...place, key });
  if (row === undefined) {
    await folderOf(tx, place);
    throw new Refusal("NotFound", `There is no shared secret '${key}' that a personal one could override`);
  }
  return { secret: await secrets.open(tx, row, false), owner: ownerOf(caller.actor) };
}
