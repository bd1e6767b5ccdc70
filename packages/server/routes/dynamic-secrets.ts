/**
 * Dynamic secrets. Owns how much of a configuration's inputs an answer carries (D12): stored admin credentials leave only
 * to who may both read and edit them and did not decline them, and never while the whole server hides them.
 */
import type { InputOf, routes } from "@dayfly/contract";
import type { Draft, InputsShown, MayRead } from "@dayfly/engine";
import { createCrowd } from "../access/crowd.ts";
import { mayMakePath } from "../access/place.ts";
import type { Ask, Handlers, House } from "../handler.ts";

const DYNAMIC = "dynamic-secrets";
/** Who holds any of these sees that it is there. */
const seeing = ["read-root-credential", "lease-create", "lease-read"];
/** Each holds a connection to a host of the caller's choice, and nothing is saved for it. */
const verifications = createCrowd(4, "Four verifications run in this project already: wait until one ends");

function shownTo({ may }: Pick<Ask, "may">, wanted: boolean, { settings }: House): InputsShown {
  if (!may("read-root-credential", DYNAMIC)) return "none";
  const root = wanted && !settings.hideRootCredentials && may("edit-root-credential", DYNAMIC);
  return root ? "root" : "plain";
}

/** Inputs may refer to static secrets: to those that whoever saves them may read. */
function readerOf({ may }: Pick<Ask, "may">): MayRead {
  return ({ environment, path, key, metadata }) => may("read", "secrets", { environment, path, name: key, metadata });
}

function draftOf(body: InputOf<typeof routes.createDynamicSecret>["body"]): Draft {
  return {
    name: body.name,
    type: body.provider.type,
    inputs: body.provider.inputs,
    defaultTtl: body.defaultTTL,
    maxTtl: body.maxTTL,
    usernameTemplate: body.usernameTemplate ?? null,
    metadata: body.metadata,
  };
}

export const createDynamicSecret: Handlers["createDynamicSecret"] = async (ask, house) => {
  const { body, query } = ask.input;
  const shown = shownTo(ask, query.rootCredentials, house);
  const options = { shown, mayMakeFolder: mayMakePath(ask.may, ask.place.path), mayRead: readerOf(ask) };
  return { dynamicSecret: await house.engine.create(ask.caller, ask.place, draftOf(body), options) };
};

export const listDynamicSecrets: Handlers["listDynamicSecrets"] = async ({ place, may, note }, { engine }) => {
  const visible = (await engine.list(place)).filter(({ name, metadata }) =>
    seeing.some((action) => may(action, DYNAMIC, { name, metadata })),
  );
  note({ count: visible.length });
  return { dynamicSecrets: visible };
};

export const getDynamicSecret: Handlers["getDynamicSecret"] = async (ask, house) => {
  const { params, query } = ask.input;
  const shown = shownTo(ask, query.rootCredentials, house);
  const dynamicSecret = await house.engine.get(ask.place, params.name, shown);
  ask.note({ dynamicSecretId: dynamicSecret.id, rootCredentials: shown === "root" });
  return { dynamicSecret };
};

export const updateDynamicSecret: Handlers["updateDynamicSecret"] = async (ask, house) => {
  const { params, query, body } = ask.input;
  const { newName, inputs, defaultTTL, maxTTL, usernameTemplate, metadata } = body.data;
  const change = { newName, inputs, defaultTtl: defaultTTL, maxTtl: maxTTL, usernameTemplate, metadata };
  const shown = shownTo(ask, query.rootCredentials, house);
  const { caller, place } = ask;
  return { dynamicSecret: await house.engine.update(caller, place, params.name, change, shown, readerOf(ask)) };
};

export const deleteDynamicSecret: Handlers["deleteDynamicSecret"] = async ({ caller, input, place }, { engine }) => {
  const { leftBehind, leftBehindCount, ...dynamicSecret } = await engine.remove(
    caller,
    place,
    input.params.name,
    input.body.isForced,
  );
  return { dynamicSecret, leftBehind, leftBehindCount };
};

export const verifyDynamicSecret: Handlers["verifyDynamicSecret"] = async (ask, { engine }) => {
  const { input, project, note } = ask;
  const steps = await verifications.enter(project.id, () =>
    engine.verify(project.id, draftOf(input.body), readerOf(ask)),
  );
  note({ count: steps.length });
  return {
    steps: steps.map(({ step, outcome, durationMs, message, fix = null }) => ({
      ...{ step, outcome, durationMs, message, fix },
      passed: outcome !== "failed",
    })),
  };
};

export const previewDynamicSecret: Handlers["previewDynamicSecret"] = async (ask, { engine }) =>
  engine.preview(ask.project.id, draftOf(ask.input.body), readerOf(ask));
