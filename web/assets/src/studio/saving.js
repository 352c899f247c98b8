// first version: replaced below
import { ask, page } from "./page.js";
export function startSaving(modeler, { onSaved }) {
  let revision = page.draft.revision;
  let timer;
  modeler.on("commandStack.changed", () => { clearTimeout(timer); timer = setTimeout(save, 1500); });
  async function save() {
    const { xml } = await modeler.saveXML({ format: true });
    const answer = await ask(page.urls.source, { method: "PUT", body: xml, headers: { "Content-Type": "application/xml", "X-Revision": revision, "X-Tab": page.tab } });
    if (answer.ok) { revision = answer.data.revision; onSaved(answer.data); }
  }
  return { save };
}
