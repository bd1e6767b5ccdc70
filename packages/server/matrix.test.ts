/** Every route of the contract, asked by every kind of caller about their own things and those of others (S02, S09, S20). */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  auditDeviations,
  dressDeviations,
  leakDeviations,
  rootCredentialDeviations,
} from "./testing/matrix/answers.ts";
import { type Deviation, tableOf } from "./testing/matrix/deviations.ts";
import { tellingDeviations, verdictDeviations } from "./testing/matrix/judge.ts";
import { type Lab, openLab } from "./testing/matrix/lab.ts";
import { type Matrix, runMatrix } from "./testing/matrix/run.ts";

function none(deviations: Deviation[]): void {
  assert.equal(deviations.length, 0, tableOf(deviations));
}

for (const hides of [false, true]) {
  describe(hides ? "the matrix while root credentials are hidden" : "the matrix", () => {
    let lab: Lab;
    let matrix: Matrix;
    before(async () => {
      lab = await openLab({ HIDE_ROOT_CREDENTIALS: String(hides) });
      // Who is refused is so before anything is looked at that could be hidden.
      matrix = await runMatrix(lab, hides ? "answered" : "all");
    });
    after(() => lab?.stop());

    test("each cell is answered as its route and the table of rights have it, and changes nothing else (S02)", (t) => {
      none(verdictDeviations(matrix));
      const { cells, callers } = matrix;
      const count = (of: (cell: Matrix["cells"][number]) => unknown) => new Set(cells.map(of)).size;
      const figures = `${count(({ name }) => name)} routes x ${callers.length} callers x ${count(({ whose }) => whose)} objects`;
      t.diagnostic(`${figures}: ${cells.length} cells, 0 deviations`);
    });

    test("what is somebody else's is not told from what is not there (S02)", () => none(tellingDeviations(matrix)));

    test("nothing of another project, and no value without the right to it, is in an answer", () =>
      none(leakDeviations(matrix)));

    const title = hides
      ? "no answer holds a stored admin credential (S09)"
      : "stored admin credentials leave by their door alone, to who may read and edit them, and the row says so (S09)";
    test(title, async () => none(await rootCredentialDeviations(matrix, hides)));

    test("every answer has the security headers, and every refusal the body of the wire (S20)", () =>
      none(dressDeviations(matrix)));

    test("every request has its row in the audit trail, and no secret is in there", async () =>
      none(await auditDeviations(matrix)));
  });
}
