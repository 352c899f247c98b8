// The diagram itself: bpmn-js with our colours, our words, our ids, and Camunda's attributes.
import Modeler from "bpmn-js/lib/Modeler";
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import camunda from "camunda-bpmn-moddle/resources/camunda.json";

import GlobalConnectModule from "diagram-js/lib/features/global-connect";
import HandToolModule from "diagram-js/lib/features/hand-tool";
import LassoToolModule from "diagram-js/lib/features/lasso-tool";
import PaletteModule from "bpmn-js/lib/features/palette";
import SpaceToolModule from "bpmn-js/lib/features/space-tool";

import words from "./i18n/index.js";
import ids from "./ids.js";

const COLOURS = {
  defaultFillColor: "var(--db-surface)",
  defaultStrokeColor: "var(--db-ink-2)",
  defaultLabelColor: "var(--db-ink)",
};

const TOOLS = [GlobalConnectModule, HandToolModule, LassoToolModule, SpaceToolModule];

// our tool bar stands in for the library's
class Editor extends Modeler {}
Editor.prototype._modules = [...Modeler.prototype._modules.filter((one) => one !== PaletteModule), ...TOOLS];

function font() {
  return getComputedStyle(document.body).fontFamily;
}

/** The drawing in `container`; `readonly` shows it without any tool. */
export function createCanvas(container, readonly) {
  const Kind = readonly ? NavigatedViewer : Editor;
  return new Kind({
    container,
    bpmnRenderer: COLOURS,
    textRenderer: { defaultStyle: { fontFamily: font(), fontSize: 13, lineHeight: 1.35 }, externalStyle: { fontSize: 13 } },
    moddleExtensions: { camunda },
    additionalModules: readonly ? [words] : [words, ids],
  });
}

/** Fit the whole drawing into view, never larger than drawn. */
export function fit(modeler) {
  const canvas = modeler.get("canvas");
  canvas.zoom("fit-viewport", "auto");
  if (canvas.zoom() > 1) canvas.zoom(1, "auto");
}

/** Select an element and bring it into the middle. */
export function go(modeler, id) {
  const element = modeler.get("elementRegistry").get(id);
  if (!element) return;
  const canvas = modeler.get("canvas");
  const root = canvas.findRoot(element);
  if (root && root !== canvas.getRootElement()) canvas.setRootElement(root);
  modeler.get("selection").select(element);
  canvas.scrollToElement(element, { top: 120, right: 200, bottom: 120, left: 200 });
}
