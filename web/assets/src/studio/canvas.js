// The diagram itself: bpmn-js with our colours, our words, our ids, and Camunda's attributes.
import Modeler from "bpmn-js/lib/Modeler";
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import camunda from "camunda-bpmn-moddle/resources/camunda.json";

import words from "./i18n/index.js";

const COLOURS = {
  defaultFillColor: "var(--db-surface)",
  defaultStrokeColor: "var(--db-ink-2)",
  defaultLabelColor: "var(--db-ink)",
};

function font() {
  return getComputedStyle(document.body).fontFamily;
}

/** The drawing in `container`; `readonly` shows it without any tool. */
export function createCanvas(container, readonly) {
  const Kind = readonly ? NavigatedViewer : Modeler;
  return new Kind({
    container,
    bpmnRenderer: COLOURS,
    textRenderer: { defaultStyle: { fontFamily: font(), fontSize: 13, lineHeight: 1.35 }, externalStyle: { fontSize: 13 } },
    moddleExtensions: { camunda },
    additionalModules: [words],
  });
}

/** Fit the whole drawing into view, never larger than drawn. */
export function fit(modeler) {
  const canvas = modeler.get("canvas");
  canvas.zoom("fit-viewport", "auto");
  if (canvas.zoom() > 1) canvas.zoom(1, "auto");
}
