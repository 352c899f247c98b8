// References to what a file does not hold. The library leaves them out when it reads, and they
// would be lost in saving; kept as bare names they are written as they came.

/** Put unresolved references back; returns the warnings that tell of anything else. */
export function keepReferences(warnings) {
  return warnings.filter((warning) => !keep(warning));
}

function keep({ element, property, value }) {
  if (!element || !property || !value) return false;
  const described = element.$descriptor.propertiesByName[property];
  const named = { id: value };
  if (described.isMany) element.get(described.name).push(named);
  else element.set(described.name, named);
  return true;
}
