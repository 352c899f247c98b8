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

export default { bpmnRenderer: ["type", Renderer] };
