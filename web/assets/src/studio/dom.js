// Elements without markup in strings: every text is a text node, whatever it contains.

/** An element with attributes (false and null are left out, functions are listeners). */
export function el(name, attributes = {}, ...children) {
  const found = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) set(found, key, value);
  found.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return found;
}

function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function") element.addEventListener(key, value);
  else element.setAttribute(key, value === true ? "" : String(value));
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon of 24 units, drawn from the path data in `paths`. */
export function icon(paths, size = "") {
  const found = document.createElementNS(SVG, "svg");
  found.setAttribute("class", `db-i ${size}`.trim());
  found.setAttribute("viewBox", "0 0 24 24");
  found.setAttribute("aria-hidden", "true");
  for (const data of [].concat(paths)) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", data);
    found.append(path);
  }
  return found;
}

export const one = (selector, within = document) => within.querySelector(selector);

/** `text` with {name} replaced by values, as the server's texts have them. */
export function fill(text, values = {}) {
  return String(text ?? "").replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
