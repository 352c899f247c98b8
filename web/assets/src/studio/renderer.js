// The library's drawing, with the kind of an element as a class, so that style sheets can tell a
// lane from a task.
import BpmnRenderer from "bpmn-js/lib/draw/BpmnRenderer";

class Renderer extends BpmnRenderer {
  static $inject = BpmnRenderer.$inject;

  drawShape(parent, element, attributes) {
    parent.classList.add(`db-${element.type.replace(/^.*:/, "")}`);
    return super.drawShape(parent, element, attributes);
  }
}

// Colours of a file become styles; one that is more than a colour could fetch from elsewhere.
const COLOUR = /^(#[0-9a-f]{3,8}|[a-z]+|rgba?\([\d\s.,%]+\))$/i;
const COLOURS = ["bioc:fill", "bioc:stroke", "color:background-color", "color:border-color", "color:color"];

class Colours {
  static $inject = ["eventBus"];

  constructor(eventBus) {
    eventBus.on("import.render.start", ({ definitions }) => {
      for (const { plane } of definitions.get("diagrams")) plane?.get("planeElement").forEach(plain);
    });
  }
}

function plain(drawn) {
  for (const name of COLOURS) {
    const value = drawn.get(name);
    if (value && !COLOUR.test(value)) drawn.set(name, undefined);
  }
}

export default { __init__: ["plainColours"], bpmnRenderer: ["type", Renderer], plainColours: ["type", Colours] };
