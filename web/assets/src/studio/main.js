import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "./studio.css";

import { createCanvas, fit } from "./canvas.js";
import { one } from "./dom.js";
import { page } from "./page.js";
import { createPanel } from "./panel/index.js";
import { startSaving } from "./saving.js";

async function start() {
  window.danbaoMissing ??= [];
  const readonly = !page.mine;
  const modeler = createCanvas(one("#db-canvas"), readonly);
  window.danbaoModeler = modeler;
  const xml = await (await fetch(page.urls.source)).text();
  await modeler.importXML(xml);
  fit(modeler);
  createPanel({ element: one("#db-props"), modeler, vocabulary: page.vocabulary, texts: page.texts, readonly });
  if (!readonly) startSaving(modeler, { onSaved() {} });
  document.documentElement.dataset.studio = "ready";
}

start();
