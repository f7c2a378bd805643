// Elements by hand: text stays text, and a cell is touched only when it changes.
const SVG = "http://www.w3.org/2000/svg";

/** Marks that turn the direction of a text, and characters that are none to see: a text of others must not look like another. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const plain = (text) => String(text).replace(UNSEEN, "\ufffd");

/** An element with a class, attributes and children; texts become text nodes, never markup. */
export function el(tag, name, attributes, ...children) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : plain(child))));
  return node;
}

export function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Sets the text of a node if it differs; true if it did. */
export function put(node, text) {
  const wanted = plain(text);
  if (node.textContent === wanted) return false;
  node.textContent = wanted;
  return true;
}

export function putClass(node, name) {
  if (node.className !== name) node.className = name;
}

export function putAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== plain(value)) {
    node.setAttribute(name, plain(value));
  }
}

export function show(node, isShown) {
  if (node.hidden === isShown) node.hidden = !isShown;
}

/** A node whose children follow a list: kept by key, made when new, removed when gone, in the list's order. */
export function keyed(parent, items, keyOf, make, update) {
  const known = parent.keyed || (parent.keyed = new Map());
  const wanted = new Set();
  let place = parent.firstChild;
  for (const item of items) {
    let key = keyOf(item);
    while (wanted.has(key)) key += "+";
    wanted.add(key);
    let node = known.get(key);
    if (!node) {
      node = make(item);
      known.set(key, node);
    }
    if (node !== place) parent.insertBefore(node, place);
    else place = place.nextSibling;
    update(node, item);
  }
  for (const [key, node] of known) {
    if (!wanted.has(key)) {
      node.remove();
      known.delete(key);
    }
  }
}
