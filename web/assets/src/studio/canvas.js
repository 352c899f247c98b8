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
import { keepReferences } from "./keep.js";
import renderer from "./renderer.js";
import transactions from "./together.js";

const COLOURS = {
  defaultFillColor: "var(--db-surface)",
  defaultStrokeColor: "var(--db-ink-2)",
  defaultLabelColor: "var(--db-ink)",
};

// labels beside events and flows are given 12 units a character by every modeler
const LABEL = 11.5;
const TOOLS = [GlobalConnectModule, HandToolModule, LassoToolModule, SpaceToolModule];

// our tool bar stands in for the library's
class Editor extends Modeler {
  async importXML(...given) {
    const found = await super.importXML(...given);
    return { ...found, warnings: keepReferences(found.warnings) };
  }
}
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
    textRenderer: { defaultStyle: { fontFamily: font(), fontSize: 13, lineHeight: 1.35 }, externalStyle: { fontSize: LABEL } },
    moddleExtensions: { camunda },
    additionalModules: readonly ? [words, renderer] : [words, renderer, ids, transactions],
  });
}

/** The element that has the focus while one draws. */
export function drawing(modeler) {
  return modeler.get("canvas").getContainer().querySelector(":scope > svg");
}

const MARGIN = { top: 28, right: 28, bottom: 76, left: 28 };
const TOOLS_WIDTH = 48;
const LEGIBLE = 0.7;

/** Show the whole drawing beside the tools, never larger than drawn. */
export function fit(modeler) {
  show(modeler, 0);
}

/** Show the drawing from its beginning, large enough to read. */
export function begin(modeler) {
  show(modeler, LEGIBLE);
}

function show(modeler, least) {
  const canvas = modeler.get("canvas");
  const { inner, outer } = canvas.viewbox();
  const left = MARGIN.left + (modeler instanceof Editor ? TOOLS_WIDTH : 0);
  const room = { width: outer.width - left - MARGIN.right, height: outer.height - MARGIN.top - MARGIN.bottom };
  if (!inner.width || room.width <= 0 || room.height <= 0) return;
  const scale = Math.min(1, Math.max(least, Math.min(room.width / inner.width, room.height / inner.height)));
  const spare = Math.max(0, room.height - inner.height * scale) / 3;
  canvas.viewbox({
    x: inner.x - left / scale,
    y: inner.y - (MARGIN.top + spare) / scale,
    width: outer.width / scale,
    height: outer.height / scale,
  });
}

/** The shape of an id: the element's own, or the pool of a process. */
export function locate(modeler, id) {
  const registry = modeler.get("elementRegistry");
  return registry.get(id) ?? registry.find((one) => one.type === "bpmn:Participant" && one.businessObject.processRef?.id === id);
}

/** Tell the drawing whenever its place on the page grows or shrinks. */
export function followSize(modeler, holder) {
  new ResizeObserver(() => modeler.get("canvas").resized()).observe(holder);
}

/** Select an element and bring it into view. */
export function go(modeler, id) {
  const element = locate(modeler, id);
  if (!element) return;
  const canvas = modeler.get("canvas");
  const root = canvas.findRoot(element);
  if (root && root !== canvas.getRootElement()) canvas.setRootElement(root);
  modeler.get("selection").select(element);
  canvas.scrollToElement(element, { top: 120, right: 200, bottom: 120, left: 200 });
}
