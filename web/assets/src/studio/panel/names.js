// The names that an expression at an element can use: what earlier steps set, with their values.

/** A list of {name, values}; `values` null where it can be anything. */
export function namesAt({ modeler, vocabulary }, element) {
  const found = new Map();
  const add = (name, values) => { if (name && !found.has(name)) found.set(name, values ?? null); };
  for (const one of before(element)) for (const { name, values } of setBy(one.businessObject, vocabulary)) add(name, values);
  const process = mainProcess(modeler);
  for (const name of vocabulary.starts[process?.id] ?? []) add(name, null);
  return [...found].map(([name, values]) => ({ name, values }));
}

export function mainProcess(modeler) {
  const all = modeler.getDefinitions().get("rootElements").filter((one) => one.$type === "bpmn:Process");
  return all.find((one) => one.isExecutable) ?? all[0];
}

// Everything that a flow can come from, nearest first.
function before(element) {
  const seen = new Set();
  const todo = [element.waypoints ? element.source : element];
  while (todo.length) {
    const here = todo.shift();
    if (!here || seen.has(here)) continue;
    seen.add(here);
    todo.push(...(here.incoming ?? []).map((flow) => flow.source));
    if (here.host) todo.push(here.host);
  }
  if (!element.waypoints) seen.delete(element);
  return seen;
}

function setBy(object, vocabulary) {
  const operation = (name) => vocabulary.operations.find((one) => one.name === name)?.sets ?? [];
  if (object.$type === "bpmn:UserTask") {
    const form = vocabulary.forms.find((one) => one.key === object.get("camunda:formKey"));
    const recorded = (object.extensionElements?.values ?? []).flatMap((one) => (one.$type === "camunda:Properties" ? one.values ?? [] : []));
    const name = recorded.find((one) => one.name === "operation")?.value;
    const outcomes = form?.outcomes?.length ? [{ name: `${object.id}_outcome`, values: form.outcomes }] : [];
    return [...outcomes, ...operation(name)];
  }
  if (["bpmn:ServiceTask", "bpmn:SendTask"].includes(object.$type)) return operation(object.get("camunda:topic"));
  if (object.$type === "bpmn:BusinessRuleTask") return [{ name: object.get("camunda:resultVariable"), values: null }];
  return [];
}
