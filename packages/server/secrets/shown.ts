/** How a static secret leaves, and what its caller sees in the place of the shared one. */
import { hiddenValue } from "@dayfly/contract";
import type { secretOverrides, secrets, secretVersions } from "@dayfly/store";

/** An opened secret: the shared one, or a caller's own in its place. */
export interface Readable extends secrets.Secret {
  type: "shared" | "personal";
}

/** The caller's own value in the place of a secret's. */
export function overridden(secret: secrets.Secret, own: secretOverrides.SecretOverride): Readable {
  const { id, version, value, comment, skip_multiline_encoding, created_at, updated_at } = own;
  return { ...secret, id, version, value, comment, skip_multiline_encoding, created_at, updated_at, type: "personal" };
}

/** A secret as it was. */
export function asItWas(secret: secrets.Secret, was: secretVersions.SecretVersion): Readable {
  const { version, key, value, comment, skip_multiline_encoding, metadata, written_at } = was;
  const then = { version, key, value, comment, skip_multiline_encoding, metadata, updated_at: written_at };
  return { ...secret, ...then, type: "shared" };
}

/** The answer's form of a secret. */
export function shown(secret: Readable, withValue = true) {
  return {
    id: secret.id,
    _id: secret.id,
    workspace: secret.project_id,
    environment: secret.environment,
    version: secret.version,
    type: secret.type,
    secretKey: secret.key,
    secretValue: withValue ? secret.value : hiddenValue,
    secretValueHidden: !withValue,
    secretComment: secret.comment,
    secretPath: secret.path,
    folderId: secret.folder_id,
    createdAt: secret.created_at,
    updatedAt: secret.updated_at,
    skipMultilineEncoding: secret.skip_multiline_encoding,
    secretMetadata: secret.metadata,
    tags: secret.tags,
    secretReminderNote: secret.reminder_note,
    secretReminderRepeatDays: secret.reminder_repeat_days,
  };
}
