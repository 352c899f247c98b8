// Reading and writing what an element says of itself. Every write is one command, so that one undo
// takes it back; a value that is the same already writes nothing, and the file stays as it is.

import { together } from "../together.js";

/** The element whose properties are shown: a pool stands for its process. */
export const objectOf = (element) => element.businessObject;

export const processOf = (object) => (object.$type === "bpmn:Participant" ? object.processRef : object);

/** An attribute of BPMN or camunda. */
export function attribute(object, name) {
  return object.get(name) ?? "";
}

export function setAttribute(ctx, name, value, object = objectOf(ctx.element)) {
  const next = value === "" ? undefined : value;
  if ((object.get(name) ?? undefined) === next) return;
  change(ctx, object, { [name]: next });
}

/** Change properties of an object that belongs to the shown element. */
export function change({ modeler, element }, object, values) {
  const modeling = modeler.get("modeling");
  if (object === objectOf(element)) modeling.updateProperties(element, values);
  else modeling.updateModdleProperties(element, object, values);
}

function made({ modeler }, type, values, parent) {
  const found = modeler.get("bpmnFactory").create(type, values);
  if (parent) found.$parent = parent;
  return found;
}

const extensions = (object, type) => (object.extensionElements?.values ?? []).find((one) => one.$type === type);

// An extension element is written whole: made when there is something to say, gone when there is not.
function setExtension(ctx, object, type, field, list) {
  const holder = object.extensionElements;
  const found = extensions(object, type);
  const adopt = (parent) => list.forEach((one) => { one.$parent = parent; });
  if (found && list.length) { adopt(found); change(ctx, found, { [field]: list }); return; }
  if (found) { drop(ctx, object, found); return; }
  if (!list.length) return;
  const wrapper = made(ctx, type, { [field]: list });
  adopt(wrapper);
  if (holder) { wrapper.$parent = holder; change(ctx, holder, { values: [...holder.get("values"), wrapper] }); return; }
  const around = made(ctx, "bpmn:ExtensionElements", { values: [wrapper] }, object);
  wrapper.$parent = around;
  change(ctx, object, { extensionElements: around });
}

function drop(ctx, object, found) {
  const holder = object.extensionElements;
  const rest = holder.get("values").filter((one) => one !== found);
  if (rest.length) change(ctx, holder, { values: rest });
  else change(ctx, object, { extensionElements: undefined });
}

/** A camunda:property by its name. */
export function property(object, name) {
  const list = extensions(object, "camunda:Properties")?.values ?? [];
  return list.find((one) => one.name === name)?.value ?? "";
}

export function setProperty(ctx, name, value, object = objectOf(ctx.element)) {
  if (property(object, name) === value) return;
  const list = extensions(object, "camunda:Properties")?.values ?? [];
  const known = list.find((one) => one.name === name);
  if (known && value !== "") { change(ctx, known, { value }); return; }
  const rest = list.filter((one) => one.name !== name);
  const added = value === "" ? [] : [made(ctx, "camunda:Property", { name, value })];
  setExtension(ctx, object, "camunda:Properties", "values", [...rest, ...added]);
}

/** The inputs of an operation, by name. */
export function inputs(object) {
  const list = extensions(object, "camunda:InputOutput")?.inputParameters ?? [];
  return new Map(list.map((one) => [one.name, one.value ?? ""]));
}

export function setInput(ctx, name, value) {
  const object = objectOf(ctx.element);
  const list = extensions(object, "camunda:InputOutput")?.inputParameters ?? [];
  const known = list.find((one) => one.name === name);
  if ((known?.value ?? "") === value) return;
  if (known && value !== "") { change(ctx, known, { value }); return; }
  const rest = list.filter((one) => one.name !== name);
  const added = value === "" ? [] : [made(ctx, "camunda:InputParameter", { name, value })];
  setExtension(ctx, object, "camunda:InputOutput", "inputParameters", [...rest, ...added]);
}

/** Choose an operation: its needed inputs come with it, those of the former one go. */
export function setOperation(ctx, name, wanted) {
  const object = objectOf(ctx.element);
  if (attribute(object, "camunda:topic") === name) return;
  const given = inputs(object);
  const list = wanted.filter((one) => one.required || given.has(one.name));
  const values = list.map((one) => made(ctx, "camunda:InputParameter", { name: one.name, value: given.get(one.name) ?? `=${one.name}` }));
  together(ctx.modeler, () => {
    change(ctx, object, { "camunda:type": name ? "external" : undefined, "camunda:topic": name || undefined });
    setExtension(ctx, object, "camunda:InputOutput", "inputParameters", values);
  });
}

/** Documentation: one text. */
export const documentation = (object) => object.get("documentation")?.[0]?.text ?? "";

export function setDocumentation(ctx, text, object = objectOf(ctx.element)) {
  if (documentation(object) === text) return;
  const rest = (object.get("documentation") ?? []).slice(1);
  const first = text === "" ? [] : [made(ctx, "bpmn:Documentation", { text }, object)];
  change(ctx, object, { documentation: [...first, ...rest] });
}

/** A text within an expression, such as a condition or a time. */
export const body = (expression) => expression?.body ?? "";

export function setExpression(ctx, object, name, value) {
  if (body(object.get(name)) === value) return;
  const made_ = value === "" ? undefined : made(ctx, "bpmn:FormalExpression", { body: value }, object);
  change(ctx, object, { [name]: made_ });
}

/** The only event definition of an event. */
export const definition = (object) => object.get("eventDefinitions")?.[0];

/** Things of the file that elements refer to: messages, signals, errors, escalations. */
export function shared({ modeler }, type) {
  return modeler.getDefinitions().get("rootElements").filter((one) => one.$type === type);
}

export function addShared(ctx, type, name) {
  const root = ctx.modeler.getDefinitions();
  const found = made(ctx, type, { name }, root);
  root.get("rootElements").push(found);
  return found;
}
