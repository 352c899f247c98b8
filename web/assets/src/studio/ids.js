// Readable ids: user_task_1, not Activity_0x3k2p. They are named in conditions, exclusions,
// findings and histories, so people read them.
import BpmnFactory from "bpmn-js/lib/features/modeling/BpmnFactory";

const SHORT = { sequence_flow: "flow", bpmn_shape: "shape", bpmn_edge: "edge" };

function prefix(element) {
  const name = element.$type.replace(/^[^:]*:/, "");
  const snake = name.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  return SHORT[snake] ?? snake;
}

class ReadableIds extends BpmnFactory {
  static $inject = ["moddle"];

  _ensureId(element) {
    const { ids } = this._model;
    if (!element.id && this._needsId(element)) element.id = this._free(prefix(element));
    if (element.id) ids.claim(element.id, element);
  }

  _free(name) {
    let n = 1;
    while (this._model.ids.assigned(`${name}_${n}`)) n += 1;
    return `${name}_${n}`;
  }
}

export default { bpmnFactory: ["type", ReadableIds] };
