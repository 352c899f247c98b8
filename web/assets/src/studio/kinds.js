// What may be drawn: everything that the checks accept, and nothing that they refuse.
import { PopupEntries } from "bpmn-js/lib/features/popup-menu/PopupEntries";

const TASKS = [
  "user-task", "service-task", "rule-task", "call-activity", "expanded-subprocess",
  "receive-task", "send-task", "script-task", "manual-task",
];
const GATEWAYS = ["exclusive-gateway", "parallel-gateway", "inclusive-gateway", "event-based-gateway"];
const EVENTS = [
  "none-start-event", "none-end-event", "timer-intermediate-catch", "message-intermediate-catch",
  "signal-intermediate-catch", "none-intermediate-throwing", "message-intermediate-throw",
  "signal-intermediate-throw", "escalation-intermediate-throw", "link-intermediate-throw",
  "link-intermediate-catch", "terminate-end", "error-end", "escalation-end", "message-end", "signal-end",
];
const BOUNDARY = [
  "timer-boundary", "non-interrupting-timer-boundary", "message-boundary", "non-interrupting-message-boundary",
  "signal-boundary", "non-interrupting-signal-boundary", "escalation-boundary",
  "non-interrupting-escalation-boundary", "error-boundary",
];
const WAITS = ["timer-intermediate-catch", "message-intermediate-catch", "signal-intermediate-catch", "receive-task"];

const OTHERS = {
  group: { label: "Group", className: "bpmn-icon-group", target: { type: "bpmn:Group" } },
  annotation: { label: "Text annotation", className: "bpmn-icon-text-annotation", target: { type: "bpmn:TextAnnotation" } },
};
const THINGS = ["expanded-pool", "data-object-reference", "data-store-reference", "group"];

const kind = (id) => ({ id, ...(OTHERS[id] ?? PopupEntries[id]) });

/** The kinds of each tool of the tool bar. */
export const KINDS = {
  task: TASKS.map(kind),
  event: EVENTS.map(kind),
  gateway: GATEWAYS.map(kind),
  things: THINGS.map(kind),
};
export const ANNOTATION = kind("annotation");

const isActivity = (element) => element.businessObject.$instanceOf("bpmn:Activity");
const of = (element, type) => element.businessObject.$instanceOf(type);

/** What may follow `source`, in groups; nothing may follow an end or a throwing link. */
export function following(source) {
  if (of(source, "bpmn:SequenceFlow")) return groups(["task", TASKS], ["gateway", GATEWAYS], ["event", inside()]);
  if (of(source, "bpmn:EventBasedGateway")) return groups(["event", WAITS]);
  if (!of(source, "bpmn:FlowNode") || isLast(source)) return [];
  const all = [["task", TASKS], ["gateway", GATEWAYS], ["event", EVENTS.slice(1)]];
  return groups(...all, ...(isActivity(source) ? [["boundary", BOUNDARY]] : []));
}

// a step on a flow has a way in and a way out
const inside = () => EVENTS.filter((id) => !/start|-end|end-|link/.test(id));
const groups = (...lists) => lists.map(([name, ids]) => ({ name, kinds: ids.map(kind) }));

function isLast(element) {
  if (of(element, "bpmn:EndEvent")) return true;
  const definitions = element.businessObject.eventDefinitions ?? [];
  return of(element, "bpmn:IntermediateThrowEvent") && definitions.some((one) => one.$type === "bpmn:LinkEventDefinition");
}

// actions of the library's menu of types that lead to what the checks refuse
const REFUSED = [
  /ad-?hoc/, /transaction/, /event-subprocess/, /complex-gateway/, /conditional-(start|boundary|intermediate)/,
  /compensation/, /cancel-/, /(message|timer|signal|error|escalation)-start/, /^toggle-(loop|adhoc|participant)/,
  /^replace-with-task$/,
];

/** Whether an entry of the menu of types leads to something that the checks accept. */
export const accepted = (action) => !REFUSED.some((pattern) => pattern.test(action));
