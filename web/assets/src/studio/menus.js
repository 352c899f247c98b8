// The menus: what to draw, what follows, where a line leads, which lane. They are the library's
// pop-up with its search and keys, filled with our kinds.
import { accepted, following, KINDS } from "./kinds.js";
import { t } from "./page.js";
import { centre, follow, join, lanes, moveToLane, shapeOf, targets, withStart } from "./place.js";

const WIDTH = 260;

/** Providers and filters of menus, and `open(name, target, place)`. */
export function createMenus(modeler) {
  const popup = modeler.get("popupMenu");
  const words = modeler.get("translate");
  for (const tool of Object.keys(KINDS)) provide(popup, `db-${tool}`, () => entries(KINDS[tool], words, (event, kind) => draw(modeler, event, kind)));
  provide(popup, "db-follow", (source) => grouped(following(source), words, (kind) => edit(modeler, follow(modeler, source, kind))));
  provide(popup, "db-connect", (source) => named(targets(modeler, source), words, (target) => select(modeler, join(modeler, source, target))));
  provide(popup, "db-lane", (element) => named(lanes(modeler, element), words, (lane) => moveToLane(modeler, element, lane)));
  restrict(modeler);
  return {
    /** Open a menu beside an element of the page, or where the selected shape is. */
    open(name, target, place, title) {
      if (popup.isEmpty(target, name)) return false;
      popup.open(target, name, place, { title, width: WIDTH, search: true });
      return true;
    },
    isEmpty: (name, target) => popup.isEmpty(target, name),
  };
}

function provide(popup, name, make) {
  popup.registerProvider(name, { getPopupMenuEntries: make, getEmptyPlaceholder: () => t("none_found") });
}

function entries(kinds, words, act, group) {
  const pairs = kinds.map((kind) => [kind.id, {
    label: words(kind.label),
    className: kind.className,
    search: [kind.label, kind.id, ...(ALSO[kind.id] ?? [])],
    group,
    action: (event) => act(event, kind),
  }]);
  return Object.fromEntries(pairs);
}

// what BPMN and the checks call it, where the panel has a plainer word
const ALSO = {
  "user-task": ["用户任务"],
  "service-task": ["服务任务"],
  "script-task": ["脚本任务"],
  "call-activity": ["调用活动"],
  "rule-task": ["业务规则任务", "决策表"],
};

function grouped(groups, words, act) {
  const parts = groups.map(({ name, kinds }) => {
    const group = { id: name, name: t(`group_${name}`) };
    return entries(kinds, words, (_, kind) => act(kind), group);
  });
  return Object.assign({}, ...parts);
}

function named(elements, words, act) {
  const pairs = elements.map((one) => [one.id, {
    label: one.businessObject.name || one.businessObject.text || words(label(one)),
    description: one.id,
    search: [one.id],
    action: () => act(one),
  }]);
  return Object.fromEntries(pairs);
}

/** The library's English name of an element's type, for translation. */
export function label(element) {
  const means = element.businessObject.eventDefinitions?.[0]?.$type;
  const found = Object.values(KINDS).flat().find(({ target }) => target.type === element.type && target.eventDefinitionType === means);
  return found?.label ?? OTHER[element.type] ?? "Task";
}
const OTHER = {
  "bpmn:Lane": "Lane",
  "bpmn:SequenceFlow": "Sequence flow",
  "bpmn:MessageFlow": "Message flow",
  "bpmn:Association": "Association",
  "bpmn:DataInputAssociation": "Association",
  "bpmn:DataOutputAssociation": "Association",
  "bpmn:TextAnnotation": "Text annotation",
  "bpmn:StartEvent": "Start event",
  "bpmn:EndEvent": "End event",
  "bpmn:BoundaryEvent": "Boundary event",
  "bpmn:IntermediateCatchEvent": "Conditional intermediate catch event",
  "bpmn:IntermediateThrowEvent": "Intermediate throw event",
  "bpmn:Process": "Process",
  "bpmn:Collaboration": "Collaboration",
  "bpmn:AdHocSubProcess": "Ad-hoc sub-process",
  "bpmn:Transaction": "Transaction",
  "bpmn:ComplexGateway": "Complex gateway",
};

// A pointer takes the new shape along and drops it; keys put it after what is selected.
function draw(modeler, event, kind) {
  const [selected] = modeler.get("selection").get();
  if (byPointer(event)) carry(modeler, event, kind);
  else if (selected && allows(selected, kind)) edit(modeler, follow(modeler, selected, kind));
  else edit(modeler, centre(modeler, kind));
}

function carry(modeler, event, kind) {
  const shape = shapeOf(modeler, kind);
  modeler.get("create").start(event, withStart(modeler, kind, shape), { hints: { autoSelect: [shape] } });
}

const byPointer = (event) => event instanceof MouseEvent && event.detail > 0;
const allows = (selected, kind) => following(selected).some(({ kinds }) => kinds.some((one) => one.id === kind.id));

function select(modeler, element) {
  if (element) modeler.get("selection").select(element);
}

// a new step is named at once; its name is what everybody will know it by
function edit(modeler, shape) {
  if (!shape) return;
  select(modeler, shape);
  modeler.get("canvas").scrollToElement(shape, { top: 60, right: 160, bottom: 100, left: 100 });
  modeler.get("directEditing").activate(shape);
}

const PAD = ["append.compensation-activity", "append.condition-intermediate-event", "append.append-task"];

// The library's own menus offer everything of BPMN; what the checks refuse is taken out.
function restrict(modeler) {
  const only = (found) => Object.fromEntries(Object.entries(found).filter(([id]) => accepted(id)));
  const filter = { getPopupMenuEntries: () => only, getPopupMenuHeaderEntries: () => only };
  modeler.get("popupMenu").registerProvider("bpmn-replace", 500, filter);
  modeler.get("contextPad").registerProvider(500, { getContextPadEntries: (element) => (found) => pad(modeler, element, found) });
}

function pad(modeler, element, found) {
  const words = modeler.get("translate");
  const kept = Object.entries(found).map(([id, entry]) => (id === "append.append-task" ? task(modeler, words, entry) : [id, entry]));
  return Object.fromEntries(kept.filter(([id]) => !PAD.includes(id)));
}

function task(modeler, words, entry) {
  const kind = KINDS.task[0];
  const start = (event, source) => modeler.get("create").start(event, shapeOf(modeler, kind), { source });
  const click = (_, source) => edit(modeler, modeler.get("autoPlace").append(source, shapeOf(modeler, kind)));
  return ["append.user-task", { ...entry, className: "bpmn-icon-user-task", title: words("Append task"), action: { click, dragstart: start } }];
}
