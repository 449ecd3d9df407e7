// The composed tree and what of it can be seen. Every property is read through its prototype, because a form's or a
// document's own can be hidden by elements that are named like it.
const getter = (holder, name) => {
  const get = Object.getOwnPropertyDescriptor(holder.prototype, name).get;
  return node => get.call(node);
};
const localName = getter(Element, 'localName');
const firstChild = getter(Node, 'firstChild');
const nextSibling = getter(Node, 'nextSibling');
const parentNode = getter(Node, 'parentNode');
const nodeType = getter(Node, 'nodeType');
const textContent = getter(Node, 'textContent');
const shadowRoot = getter(Element, 'shadowRoot');
const assignedSlot = getter(Element, 'assignedSlot');
const isConnected = getter(Node, 'isConnected');
const attr = (el, name) => Element.prototype.getAttribute.call(el, name);
const has = (el, name) => Element.prototype.hasAttribute.call(el, name);
const is = (el, selector) => Element.prototype.matches.call(el, selector);
const closest = (el, selector) => Element.prototype.closest.call(el, selector);
const boxOf = el => Element.prototype.getBoundingClientRect.call(el);
const rootOf = el => Node.prototype.getRootNode.call(el);
const clean = text => (text || '').replace(/\s+/g, ' ').trim();
const short = (text, most) => (text.length <= most ? text : text.slice(0, most - 1) + '…');

const kids = node => {
  const found = [];
  const shadow = nodeType(node) === 1 ? shadowRoot(node) : null;
  if (!shadow && nodeType(node) === 1 && localName(node) === 'slot' && node.assignedNodes) {
    const given = node.assignedNodes();
    if (given.length) return given;
  }
  for (let at = firstChild(shadow || node); at; at = nextSibling(at)) found.push(at);
  return found;
};
const above = node => {
  const slot = nodeType(node) === 1 ? assignedSlot(node) : null;
  const parent = slot || parentNode(node);
  return parent && nodeType(parent) === 11 ? parent.host || null : parent && nodeType(parent) === 1 ? parent : null;
};
const contains = (outer, inner) => {
  for (let at = inner; at; at = above(at)) if (at === outer) return true;
  return false;
};

// All elements in one order, which the page's own world counts alike.
const everyElement = root => {
  const found = [];
  const add = from => {
    for (const el of Document.prototype.querySelectorAll.call(from, '*')) {
      found.push(el);
      if (shadowRoot(el)) addShadow(shadowRoot(el));
    }
  };
  const addShadow = from => {
    for (const el of DocumentFragment.prototype.querySelectorAll.call(from, '*')) {
      found.push(el);
      if (shadowRoot(el)) addShadow(shadowRoot(el));
    }
  };
  add(root);
  return found;
};

let styles = new Map();
const css = el => {
  if (!styles.has(el)) styles.set(el, getComputedStyle(el));
  return styles.get(el);
};
const rendered = el => css(el).display === 'contents' || Element.prototype.checkVisibility.call(el);
const seen = el => rendered(el) && css(el).visibility === 'visible';
// An accordion that is shut may keep its content in a box of no height.
const shut = (el, box) => (box.width < 1 || box.height < 1) && /^(hidden|clip)/.test(css(el).overflow);
const deepest = (x, y) => {
  let hit = Document.prototype.elementFromPoint.call(document, x, y);
  while (hit && shadowRoot(hit)) {
    const inner = ShadowRoot.prototype.elementFromPoint.call(shadowRoot(hit), x, y);
    if (!inner || inner === hit) break;
    hit = inner;
  }
  return hit;
};
const focused = () => {
  let at = Object.getOwnPropertyDescriptor(Document.prototype, 'activeElement').get.call(document);
  while (at && shadowRoot(at) && shadowRoot(at).activeElement) at = shadowRoot(at).activeElement;
  return at;
};
