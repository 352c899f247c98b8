// Putting a step somewhere without dragging: after a step, into a flow, or in the middle.
import { together } from "./together.js";

const GAP = 40;

/** A new shape of a kind, not yet in the drawing. */
export function shapeOf(modeler, kind) {
  const { type, ...attributes } = kind.target;
  const factory = modeler.get("elementFactory");
  return type === "bpmn:Participant" ? factory.createParticipantShape(attributes) : factory.createShape({ type, ...attributes });
}

const holds = (kind) => kind.target.type === "bpmn:SubProcess";

/** What a kind brings along: a sub-process begins with a start event. */
export function withStart(modeler, kind, shape) {
  if (!holds(kind)) return [shape];
  return [shape, modeler.get("elementFactory").createShape({ type: "bpmn:StartEvent", x: 40, y: 82, parent: shape })];
}

// the same for a shape that is in the drawing already
function begun(modeler, kind, shape) {
  if (holds(kind)) modeler.get("modeling").createShape({ type: "bpmn:StartEvent" }, { x: shape.x + 58, y: shape.y + 100 }, shape);
  return shape;
}

/**
 * Put a step after `source`: into its flow if it has just one, so that what followed still does;
 * on its edge, if it is a boundary event; else on a way of its own. Returns the new element.
 */
export function follow(modeler, source, kind) {
  if (kind.target.type === "bpmn:BoundaryEvent") return attach(modeler, source, kind);
  const flow = source.type === "bpmn:SequenceFlow" ? source : onlyFlow(source);
  if (flow && goesOn(kind)) return insert(modeler, flow, kind);
  return together(modeler, () => begun(modeler, kind, modeler.get("autoPlace").append(source, shapeOf(modeler, kind))));
}

const goesOn = (kind) => !["bpmn:EndEvent", "bpmn:TextAnnotation"].includes(kind.target.type);

function onlyFlow(source) {
  const flows = source.outgoing.filter((one) => one.type === "bpmn:SequenceFlow");
  return flows.length === 1 && !/Gateway$/.test(source.type) ? flows[0] : undefined;
}

function attach(modeler, host, kind) {
  const place = { x: host.x + host.width - 24 - 40 * host.attachers.length, y: host.y + host.height };
  return modeler.get("modeling").createShape(shapeOf(modeler, kind), place, host, { attach: true });
}

function insert(modeler, flow, kind) {
  const shape = shapeOf(modeler, kind);
  return together(modeler, () => {
    makeRoom(modeler, flow, shape.width + 2 * GAP);
    return begun(modeler, kind, modeler.get("modeling").createShape(shape, middle(flow), flow));
  });
}

// The longest stretch of a flow is where a step is seen best.
function middle(flow) {
  const stretches = flow.waypoints.slice(1).map((to, n) => [flow.waypoints[n], to]);
  const length = ([a, b]) => Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
  const [a, b] = stretches.reduce((best, one) => (length(one) > length(best) ? one : best));
  return { x: Math.round((a.x + b.x) / 2), y: Math.round((a.y + b.y) / 2) };
}

// Everything to the right moves on, if the flow goes to the right and is too short.
function makeRoom(modeler, flow, wanted) {
  const { source, target } = flow;
  const between = target.x - (source.x + source.width);
  if (between < 0 || between >= wanted || flow.waypoints.length > 2) return;
  const tool = modeler.get("spaceTool");
  const delta = { x: Math.ceil((wanted - between) / 10) * 10, y: 0 };
  const start = source.x + source.width + 1;
  const found = tool.calculateAdjustments(everything(modeler.get("canvas").getRootElement()), "x", delta.x, start);
  tool.makeSpace(found.movingShapes, found.resizingShapes, delta, "e", start);
}

const everything = (element) => [element, ...(element.children ?? []).flatMap(everything)];

/** Put a step in the middle of what is seen. */
export function centre(modeler, kind) {
  const canvas = modeler.get("canvas");
  const { x, y, width, height } = canvas.viewbox();
  const place = { x: Math.round(x + width / 2), y: Math.round(y + height / 2) };
  const parent = kind.target.type === "bpmn:Participant" ? canvas.getRootElement() : home(modeler, place);
  return together(modeler, () => begun(modeler, kind, modeler.get("modeling").createShape(shapeOf(modeler, kind), place, parent)));
}

// a step belongs into the pool around its place, else into the first one there is
function home(modeler, place) {
  const root = modeler.get("canvas").getRootElement();
  const pools = root.children.filter((one) => one.type === "bpmn:Participant");
  const around = pools.find((one) => place.x > one.x && place.x < one.x + one.width && place.y > one.y && place.y < one.y + one.height);
  return around ?? pools[0] ?? root;
}

/** Where `source` may lead to, nearest first. */
export function targets(modeler, source) {
  const rules = modeler.get("rules");
  const distance = (one) => Math.hypot(one.x - source.x, one.y - source.y);
  const able = (one) => one !== source && one.type !== "label" && !one.waypoints && one.parent && rules.allowed("connection.create", { source, target: one });
  return modeler.get("elementRegistry").filter(able).sort((a, b) => distance(a) - distance(b));
}

/** Draw the connection that fits between two elements, or none. */
export function join(modeler, source, target) {
  const fitting = modeler.get("rules").allowed("connection.create", { source, target });
  return fitting ? modeler.get("modeling").connect(source, target, fitting) : undefined;
}

/** The lanes of the pool around an element. */
export function lanes(modeler, element) {
  const pool = (one) => (!one || one.type === "bpmn:Participant" ? one : pool(one.parent));
  const around = pool(element);
  const bottom = (one) => one.type === "bpmn:Lane" && !one.children.some((child) => child.type === "bpmn:Lane") && pool(one) === around;
  return around ? modeler.get("elementRegistry").filter(bottom).sort((a, b) => a.y - b.y) : [];
}

/** Move an element up or down into a lane, keeping its place from left to right. */
export function moveToLane(modeler, element, lane) {
  const y = Math.round(lane.y + lane.height / 2 - element.height / 2 - element.y);
  modeler.get("modeling").moveElements([element], { x: 0, y }, lane.parent);
}
