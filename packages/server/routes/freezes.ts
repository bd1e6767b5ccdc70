/** Freezes: who stopped new leases, where and why. */
import { freezes } from "@dayfly/store";
import type { Handlers } from "../handler.ts";

export const freezeLeases: Handlers["freezeLeases"] = async ({ input, caller, project, note, write }) =>
  write(async (tx) => {
    const { scope, reason } = input.body;
    note({ scope: scope.kind, subjectId: "id" in scope ? scope.id : project.id, reason });
    await freezes.freeze(tx, project.id, scope, caller, reason);
    return { freezes: await freezes.ofProject(tx, project.id) };
  });

export const unfreezeLeases: Handlers["unfreezeLeases"] = async ({ input, project, note, write }) =>
  write(async (tx) => {
    const { scope, reason } = input.body;
    note({ scope: scope.kind, subjectId: "id" in scope ? scope.id : project.id, reason });
    await freezes.unfreeze(tx, project.id, scope);
    return { freezes: await freezes.ofProject(tx, project.id) };
  });

export const listFreezes: Handlers["listFreezes"] = async ({ project, note }, { store }) => {
  const found = await freezes.ofProject(store, project.id);
  note({ count: found.length });
  return { freezes: found };
};
