// What can be said of each kind of element: groups of fields, from the vocabulary and nothing else.
import { addShared, attribute, body, change, definition, documentation, inputs, objectOf, processOf, property, setAttribute, setDocumentation, setExpression, setInput, setOperation, setProperty, shared } from "./moddle.js";
import { together } from "../together.js";
import { namesAt } from "./names.js";

const MAPPINGS = ["singleEntry", "singleResult", "collectEntries", "resultList"];
const split = (value) => value.split(",").map((one) => one.trim()).filter(Boolean);

/** The groups of an element's panel: [{title, fields}], each field with its kind. */
export function groupsOf(ctx) {
  const object = objectOf(ctx.element);
  const build = KINDS[object.$type] ?? (() => []);
  const own = build(ctx, object).filter(Boolean).filter((group) => group.fields.filter(Boolean).length);
  return [...own, about(ctx, object)];
}

function about(ctx, object) {
  const { texts } = ctx;
  const subject = object.$type === "bpmn:Participant" ? processOf(object) ?? object : object;
  const fields = [];
  if (object.$type === "bpmn:TextAnnotation") fields.push(area(ctx, "text", texts.p_text, attribute(object, "text"), (value) => setAttribute(ctx, "text", value)));
  else if (object.$type !== "bpmn:Association") fields.push({ kind: "area", id: "name", label: texts.p_name, rows: 1, most: 200, value: attribute(object, "name"), set: (value) => rename(ctx, object, value) });
  fields.push({ kind: "area", id: "documentation", label: texts.p_documentation, rows: 3, value: documentation(subject), hint: texts.p_documentation_hint, set: (value) => setDocumentation(ctx, value, subject) });
  return { title: texts.p_about, fields };
}

const area = (ctx, id, label, value, set) => ({ kind: "area", id, label, value, set });

function rename(ctx, object, value) {
  if (attribute(object, "name") === value) return;
  const process = object.$type === "bpmn:Participant" ? object.processRef : null;
  if (!ctx.element.parent) { setAttribute(ctx, "name", value); return; }
  together(ctx.modeler, () => {
    ctx.modeler.get("modeling").updateLabel(ctx.element, value);
    if (process && attribute(process, "name")) change(ctx, process, { name: value });
  });
}

function property_(ctx, id, label, more = {}) {
  const object = objectOf(ctx.element);
  return { id, label, value: property(object, id), set: (value) => setProperty(ctx, id, value), ...more };
}

const posts = ({ vocabulary }) => vocabulary.parties.flatMap((party) => vocabulary.roles.map((role) => ({ value: `${party.id}:${role.id}`, label: `${party.label} ${role.label}` })));

function clauseField(ctx) {
  const { texts, vocabulary } = ctx;
  const object = objectOf(ctx.element);
  const value = property(object, "clause");
  const known = vocabulary.clauses.find((one) => one.id === value);
  const options = vocabulary.clauses.map((one) => ({ value: one.id, label: `${one.label} ${one.words.slice(0, 18)}` }));
  return { kind: "select", id: "clause", label: texts.p_clause, value, options, hint: known ? `“${known.words}”` : "", set: (next) => setProperty(ctx, "clause", next) };
}

function userTask(ctx, object) {
  const { texts, vocabulary, modeler } = ctx;
  const others = modeler.get("elementRegistry").filter((one) => one.type === "bpmn:UserTask" && one !== ctx.element);
  const tasks = others.map((one) => ({ value: one.id, label: one.businessObject.name || one.id }));
  const who = { kind: "select", id: "party", label: texts.p_party, needed: true, value: attribute(object, "camunda:candidateGroups"), options: posts(ctx), hint: texts.p_party_hint, about: /承办方|岗位|candidateGroups/, set: (value) => setAttribute(ctx, "camunda:candidateGroups", value) };
  const excludes = { kind: "several", id: "excludes", label: texts.p_excludes, value: split(property(object, "excludes")), options: tasks, set: (list) => setProperty(ctx, "excludes", list.join(",")) };
  const form = vocabulary.forms.map((one) => ({ value: one.key, label: `${one.name} v${one.version}` }));
  const recording = vocabulary.operations.filter((one) => one.kind === "form").map((one) => ({ value: one.name, label: one.title }));
  const operation = vocabulary.operations.find((one) => one.name === property(object, "operation"));
  return [
    { title: texts.p_who, fields: [who, excludes, ...special(ctx)] },
    { title: texts.p_when, fields: deadlineFields(ctx, object) },
    { title: texts.p_what, fields: [
      { kind: "select", id: "form", label: texts.p_form, needed: true, value: attribute(object, "camunda:formKey"), options: form, about: /表单/, set: (value) => setAttribute(ctx, "camunda:formKey", value) },
      property_(ctx, "operation", texts.p_operation, { kind: "select", options: recording, none: texts.p_operation_none, hint: setsWords(ctx, operation) }),
      clauseField(ctx),
    ] },
    loop(ctx, object),
  ];
}

// Who is not the party's: only where a diagram says so already, or the task is done for each of many.
function special(ctx) {
  const { texts } = ctx;
  const object = objectOf(ctx.element);
  const many = Boolean(object.loopCharacteristics);
  return ["organisation", "assignee"].filter((name) => many || property(object, name)).map((name) => property_(ctx, name, texts[`p_${name}`], { kind: "text", code: true, hint: texts[`p_${name}_hint`] }));
}

function setsWords({ texts, fill }, operation) {
  if (!operation?.sets.length) return "";
  const words = operation.sets.map((one) => (one.values ? `${one.name}（${one.values.join("、")}）` : one.name)).join(texts.p_sep);
  return fill(texts.p_sets, { names: words });
}

function deadlineFields(ctx, object) {
  const { texts, modeler, vocabulary } = ctx;
  const clocks = [...new Set(modeler.get("elementRegistry").filter((one) => one.type === "bpmn:UserTask").map((one) => property(one.businessObject, "clock")).filter(Boolean))];
  const running = clocks.map((one) => ({ value: one, label: one }));
  const link = parametersLink(vocabulary, texts);
  return [
    property_(ctx, "deadline", texts.p_deadline, { kind: "period", mayBeNone: true, link, about: /时限|期限/ }),
    property_(ctx, "reminders", texts.p_reminders, { kind: "several", value: split(property(object, "reminders")), options: reminders(texts), hint: texts.p_reminders_hint, set: (list) => setProperty(ctx, "reminders", list.join(",")) }),
    property_(ctx, "escalateTo", texts.p_escalate, { kind: "select", options: posts(ctx), about: /催办对象/ }),
    property_(ctx, "clock", texts.p_clock, { kind: "text", code: true, most: 40, offers: clocks, hint: texts.p_clock_hint }),
    clocks.length ? property_(ctx, "pauses", texts.p_pauses, { kind: "select", options: running, hint: texts.p_pauses_hint }) : null,
  ].filter(Boolean);
}

// only who may read that page
const parametersLink = ({ parametersUrl }, texts) => (parametersUrl ? { href: parametersUrl, words: texts.p_see_parameters } : null);

const reminders = (texts) => [["-P5D", texts.p_before5], ["-P3D", texts.p_before3], ["-P1D", texts.p_before1], ["P0D", texts.p_on_day], ["P1D", texts.p_after1], ["P3D", texts.p_after3]].map(([value, label]) => ({ value, label }));

function serviceTask(ctx, object) {
  const { texts, vocabulary } = ctx;
  const services = vocabulary.operations.filter((one) => one.kind === "service");
  const chosen = services.find((one) => one.name === attribute(object, "camunda:topic"));
  const given = inputs(object);
  const wanted = chosen?.inputs ?? [];
  const names = [...new Set([...wanted.map((one) => one.name), ...given.keys()])];
  const fields = names.map((name) => {
    const known = wanted.find((one) => one.name === name);
    const hint = known ? (known.required ? texts.p_input_needed : texts.p_input_free) : texts.p_input_unknown;
    return { kind: "text", id: `input-${name}`, label: name, code: true, value: given.get(name) ?? "", hint, set: (value) => setInput(ctx, name, value) };
  });
  const pick = (name) => setOperation(ctx, name, services.find((one) => one.name === name)?.inputs ?? []);
  return [
    { title: texts.p_does, fields: [{ kind: "select", id: "topic", label: texts.p_service, needed: true, value: attribute(object, "camunda:topic"), options: services.map((one) => ({ value: one.name, label: one.title })), hint: chosen ? [chosen.name, setsWords(ctx, chosen)].filter(Boolean).join(texts.p_sep) : "", set: pick }, clauseField(ctx)] },
    { title: texts.p_inputs, fields },
    object.$type === "bpmn:SendTask" && !chosen ? messageGroup(ctx, object, object) : null,
    loop(ctx, object),
  ];
}

function ruleTask(ctx, object) {
  const { texts, vocabulary } = ctx;
  const options = vocabulary.decisions.map((one) => ({ value: one.id, label: one.name }));
  return [{ title: texts.p_does, fields: [
    { kind: "select", id: "decision", label: texts.p_decision, needed: true, value: attribute(object, "camunda:decisionRef"), options, set: (value) => setAttribute(ctx, "camunda:decisionRef", value) },
    { kind: "text", id: "result", label: texts.p_result, code: true, value: attribute(object, "camunda:resultVariable"), hint: texts.p_result_hint, set: (value) => setAttribute(ctx, "camunda:resultVariable", value) },
    { kind: "select", id: "mapping", label: texts.p_mapping, value: attribute(object, "camunda:mapDecisionResult"), options: MAPPINGS.map((one) => ({ value: one, label: texts[`p_map_${one}`] })), none: texts.p_map_resultList, set: (value) => setAttribute(ctx, "camunda:mapDecisionResult", value) },
    clauseField(ctx),
  ] }, loop(ctx, object)];
}

function scriptTask(ctx, object) {
  const { texts } = ctx;
  const write = (script) => { if (attribute(object, "script") !== script) change(ctx, object, { script: script || undefined, scriptFormat: object.scriptFormat ?? "feel" }); };
  return [{ title: texts.p_does, fields: [
    { kind: "area", id: "script", label: texts.p_script, code: true, rows: 4, value: attribute(object, "script"), hint: texts.p_script_hint, names: true, set: write },
    { kind: "text", id: "result", label: texts.p_result, code: true, value: attribute(object, "camunda:resultVariable"), hint: texts.p_script_result_hint, set: (value) => setAttribute(ctx, "camunda:resultVariable", value) },
  ] }, loop(ctx, object)];
}

function callActivity(ctx, object) {
  const { texts, vocabulary } = ctx;
  const options = vocabulary.processes.map((one) => ({ value: one.key, label: one.name }));
  const stages = vocabulary.stages.map((one) => ({ value: one.id, label: one.label }));
  return [{ title: texts.p_does, fields: [
    { kind: "select", id: "called", label: texts.p_called, needed: true, value: attribute(object, "calledElement"), options, set: (value) => setAttribute(ctx, "calledElement", value) },
    property_(ctx, "stage", texts.p_stage, { kind: "select", options: stages, hint: texts.p_stage_hint }),
    clauseField(ctx),
  ] }, loop(ctx, object)];
}

function gateway(ctx, object) {
  const { texts } = ctx;
  const out = object.get("outgoing") ?? [];
  if (out.length < 2 || !["bpmn:ExclusiveGateway", "bpmn:InclusiveGateway"].includes(object.$type)) return [];
  const options = out.map((one) => ({ value: one.id, label: one.name || one.targetRef?.name || one.targetRef?.id || one.id }));
  const write = (id) => change(ctx, object, { default: out.find((one) => one.id === id) });
  return [{ title: texts.p_ways, fields: [{ kind: "select", id: "default", label: texts.p_default, needed: true, value: object.default?.id ?? "", options, hint: texts.p_default_hint, about: /默认/, set: write }] }];
}

function flow(ctx, object) {
  const { texts } = ctx;
  const source = object.sourceRef;
  const isDefault = source?.default === object;
  const conditional = ["bpmn:ExclusiveGateway", "bpmn:InclusiveGateway"].includes(source?.$type) || object.conditionExpression;
  if (!conditional) return [];
  const write = (on) => change(ctx, source, { default: on ? object : undefined });
  const fields = [{ kind: "check", id: "is-default", label: texts.p_is_default, value: isDefault, hint: texts.p_default_hint, set: write }];
  if (!isDefault || object.conditionExpression) fields.unshift({ kind: "area", id: "condition", label: texts.p_condition, code: true, value: body(object.conditionExpression), hint: texts.p_condition_hint, names: true, set: (value) => setExpression(ctx, object, "conditionExpression", value) });
  return [{ title: texts.p_ways, fields }];
}

const TIMES = ["timeDuration", "timeDate", "timeCycle"];

function event(ctx, object) {
  const { texts } = ctx;
  const found = definition(object);
  const groups = [];
  if (object.$type === "bpmn:BoundaryEvent") groups.push({ title: texts.p_event, fields: [{ kind: "check", id: "interrupts", label: texts.p_interrupts, value: object.cancelActivity !== false, hint: texts.p_interrupts_hint, set: (on) => change(ctx, object, { cancelActivity: on ? undefined : false }) }] });
  if (found?.$type === "bpmn:TimerEventDefinition") groups.push(timer(ctx, found));
  else if (found?.$type === "bpmn:MessageEventDefinition") groups.push(messageGroup(ctx, object, found));
  else if (found && REFERENCES[found.$type]) groups.push(reference(ctx, found, REFERENCES[found.$type]));
  return groups;
}

function timer(ctx, found) {
  const { texts, vocabulary } = ctx;
  const way = TIMES.find((one) => found.get(one)) ?? "timeDuration";
  const value = body(found.get(way));
  const named = /^=?\s*due\("(\w+)"\)$/.exec(value)?.[1];
  const turn = (next) => { if (next !== way) change(ctx, found, { ...Object.fromEntries(TIMES.map((one) => [one, undefined])), [next]: expression(ctx, found, next === "timeCycle" ? "R/P1D" : "P5D") }); };
  const fields = [{ kind: "select", id: "timer-way", label: texts.p_timer, needed: true, value: way, options: TIMES.map((one) => ({ value: one, label: texts[`p_${one}`] })), set: turn }];
  const write = (next) => setExpression(ctx, found, way, next);
  if (way === "timeCycle") fields.push({ kind: "text", id: "timer", label: texts.p_cycle, code: true, value, hint: texts.p_cycle_hint, set: write });
  else {
    const asPeriod = (next) => write(vocabulary.parameters.some((one) => one.name === next) ? `=due("${next}")` : next);
    fields.push({ kind: "period", id: "timer", label: texts.p_time, value: named ?? value, about: /定时|时间/, link: parametersLink(vocabulary, texts), set: asPeriod });
  }
  return { title: texts.p_timer_group, fields };
}

function expression({ modeler }, parent, value) {
  const found = modeler.get("bpmnFactory").create("bpmn:FormalExpression", { body: value });
  found.$parent = parent;
  return found;
}

function messageGroup(ctx, object, holder) {
  const { texts } = ctx;
  return { title: texts.p_message, fields: [refer(ctx, holder, "messageRef", "bpmn:Message", texts.p_message_name), property_(ctx, "correlation", texts.p_correlation, { kind: "text", code: true, hint: texts.p_correlation_hint })] };
}

const REFERENCES = {
  "bpmn:SignalEventDefinition": ["signalRef", "bpmn:Signal", "p_signal"],
  "bpmn:ErrorEventDefinition": ["errorRef", "bpmn:Error", "p_error"],
  "bpmn:EscalationEventDefinition": ["escalationRef", "bpmn:Escalation", "p_escalation"],
};

function reference(ctx, holder, [name, type, label]) {
  return { title: ctx.texts[label], fields: [refer(ctx, holder, name, type, ctx.texts[label])] };
}

// Choose one that the file has, or name a new one.
function refer(ctx, holder, name, type, label) {
  const known = shared(ctx, type);
  const value = holder.get(name)?.name ?? holder.get(name)?.id ?? "";
  const write = (words) => {
    if (!words) { change(ctx, holder, { [name]: undefined }); return; }
    change(ctx, holder, { [name]: known.find((one) => one.name === words) ?? addShared(ctx, type, words) });
  };
  return { kind: "text", id: name, label, value, most: 80, offers: known.map((one) => one.name).filter(Boolean), hint: ctx.texts.p_refer_hint, set: write };
}

function loop(ctx, object) {
  const { texts } = ctx;
  const found = object.loopCharacteristics;
  if (found?.$type !== "bpmn:MultiInstanceLoopCharacteristics") return null;
  const cardinality = body(found.get("loopCardinality"));
  return { title: texts.p_loop, fields: [
    { kind: "text", id: "collection", label: texts.p_collection, code: true, value: found.get("camunda:collection") ?? "", hint: texts.p_collection_hint, set: (value) => change(ctx, found, { "camunda:collection": value || undefined }) },
    { kind: "text", id: "item", label: texts.p_item, code: true, value: found.get("camunda:elementVariable") ?? "", set: (value) => change(ctx, found, { "camunda:elementVariable": value || undefined }) },
    cardinality ? { kind: "text", id: "cardinality", label: texts.p_cardinality, code: true, value: cardinality, set: (value) => setExpression(ctx, found, "loopCardinality", value) } : null,
    { kind: "text", id: "enough", label: texts.p_enough, code: true, value: body(found.get("completionCondition")), hint: texts.p_enough_hint, set: (value) => setExpression(ctx, found, "completionCondition", value) },
    { kind: "check", id: "sequential", label: texts.p_sequential, value: found.isSequential, set: (on) => change(ctx, found, { isSequential: on || undefined }) },
  ].filter(Boolean) };
}

function processGroup(ctx, object) {
  const process = processOf(object);
  if (!process || process.$type !== "bpmn:Process") return [];
  const { texts } = ctx;
  return [{ title: texts.p_process, fields: [{ kind: "text", id: "data", label: texts.p_data, code: true, value: property(process, "data"), hint: texts.p_data_hint, set: (value) => setProperty(ctx, "data", value, process) }] }];
}

const receive = (ctx, object) => [messageGroup(ctx, object, object), loop(ctx, object)];
const many = (ctx, object) => [loop(ctx, object)];

const KINDS = {
  "bpmn:UserTask": userTask,
  "bpmn:ServiceTask": serviceTask,
  "bpmn:SendTask": serviceTask,
  "bpmn:BusinessRuleTask": ruleTask,
  "bpmn:ScriptTask": scriptTask,
  "bpmn:CallActivity": callActivity,
  "bpmn:ReceiveTask": receive,
  "bpmn:ManualTask": many,
  "bpmn:Task": many,
  "bpmn:SubProcess": many,
  "bpmn:ExclusiveGateway": gateway,
  "bpmn:InclusiveGateway": gateway,
  "bpmn:SequenceFlow": flow,
  "bpmn:BoundaryEvent": event,
  "bpmn:IntermediateCatchEvent": event,
  "bpmn:IntermediateThrowEvent": event,
  "bpmn:StartEvent": event,
  "bpmn:EndEvent": event,
  "bpmn:Process": processGroup,
  "bpmn:Participant": processGroup,
};

/** Names for an expression of the shown element. */
export const namesFor = (ctx) => namesAt(ctx, ctx.element);
