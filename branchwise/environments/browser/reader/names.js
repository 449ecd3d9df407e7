// Roles (HTML-AAM) and names (accname 1.2, shortened), then what sighted people would call a thing that has no name.
const TAGS = {
  article: 'article', aside: 'complementary', main: 'main', nav: 'navigation', search: 'search', address: 'group',
  h1: 'heading', h2: 'heading', h3: 'heading', h4: 'heading', h5: 'heading', h6: 'heading', ul: 'list', ol: 'list',
  menu: 'list', li: 'listitem', table: 'table', caption: 'caption', tr: 'row', td: 'cell', p: 'paragraph',
  fieldset: 'group', details: 'group', optgroup: 'group', dialog: 'dialog', img: 'img', figure: 'figure',
  progress: 'progressbar', meter: 'meter', output: 'status', blockquote: 'blockquote', pre: 'code', dt: 'term',
  dd: 'definition', option: 'option', textarea: 'textbox', button: 'button', summary: 'button', canvas: 'canvas',
  iframe: 'iframe', frame: 'iframe', video: 'video', audio: 'audio', math: 'math', datalist: 'listbox',
};
const INPUTS = {
  button: 'button', submit: 'button', reset: 'button', image: 'button', file: 'button', checkbox: 'checkbox',
  radio: 'radio', range: 'slider', number: 'spinbutton', search: 'searchbox',
};
const ROLES = new Set(`alert alertdialog application article banner blockquote button caption cell checkbox code
  columnheader combobox complementary contentinfo definition dialog figure form grid gridcell group heading img link
  list listbox listitem log main marquee math menu menubar menuitem menuitemcheckbox menuitemradio meter navigation note
  option paragraph progressbar radio radiogroup region row rowheader scrollbar search searchbox separator slider
  spinbutton status switch tab table tablist tabpanel term textbox timer toolbar tooltip tree treegrid treeitem`
  .split(/\s+/));
const FROM_CONTENT = new Set(`button checkbox heading link menuitem menuitemcheckbox menuitemradio option radio switch tab
  tooltip treeitem`.split(/\s+/));

const roleOf = el => {
  const tag = localName(el), type = (attr(el, 'type') || 'text').toLowerCase();
  for (const said of (attr(el, 'role') || '').toLowerCase().split(/\s+/)) {
    if (said === 'image') return 'img';
    if (ROLES.has(said)) return said;
    if (said === 'none' || said === 'presentation') return '';
  }
  if (tag === 'a' || tag === 'area') return has(el, 'href') ? 'link' : '';
  if (tag === 'input') return type === 'hidden' ? '' : INPUTS[type] || (has(el, 'list') ? 'combobox' : 'textbox');
  if (tag === 'select') return has(el, 'multiple') || Number(attr(el, 'size')) > 1 ? 'listbox' : 'combobox';
  if (tag === 'th') return attr(el, 'scope') === 'row' ? 'rowheader' : 'columnheader';
  if (tag === 'header' || tag === 'footer')
    return closest(el, 'article, aside, main, nav, section') ? '' : tag === 'header' ? 'banner' : 'contentinfo';
  if (tag === 'section') return has(el, 'aria-label') || has(el, 'aria-labelledby') ? 'region' : '';
  if (tag === 'form') return has(el, 'aria-label') || has(el, 'aria-labelledby') ? 'form' : '';
  if (tag === 'svg') return 'img';
  if (tag === 'summary' && (!above(el) || localName(above(el)) !== 'details')) return '';
  return TAGS[tag] || '';
};

// The text of a node as it reads; `hidden` also what is not shown, as a name by reference may be.
const textOf = (node, {hidden = false, without = null} = {}, most = 2000) => {
  let text = '';
  const add = at => {
    if (text.length > most || at === without) return;
    if (nodeType(at) === 3) { text += textContent(at); return; }
    if (nodeType(at) !== 1) return;
    const tag = localName(at);
    if (/^(script|style|noscript|template|select|textarea|datalist)$/.test(tag)) return;
    if (!hidden && (!rendered(at) || css(at).visibility !== 'visible')) return;
    if (tag === 'br') { text += ' '; return; }
    if (tag === 'img') { text += ` ${attr(at, 'alt') || ''} `; return; }
    const label = at === node ? '' : attr(at, 'aria-label');
    const apart = hidden || !/^inline$|^contents$/.test(css(at).display) ? ' ' : '';
    text += apart;
    if (label) text += label; else for (const kid of kids(at)) add(kid);
    text += apart;
  };
  add(node);
  return clean(text);
};
const referred = (el, name) => {
  const root = rootOf(el);
  const ids = (attr(el, name) || '').split(/\s+/).filter(Boolean).slice(0, 10);
  const holder = nodeType(root) === 9 ? Document : nodeType(root) === 11 ? DocumentFragment : null;
  const found = holder ? ids.map(id => holder.prototype.getElementById.call(root, id)) : [];
  return clean(found.filter(Boolean).map(at => attr(at, 'aria-label') || textOf(at, {hidden: true})).join(' '));
};
const labelsOf = el => ('labels' in el && el.labels ? [...el.labels].slice(0, 5) : []);
const drawn = (el, part) => {
  const content = getComputedStyle(el, part).content;
  const said = /^"((?:[^"\\]|\\.)*)"/.exec(content);
  return said && /[\p{L}\p{N}]/u.test(said[1]) && !/[\ue000-\uf8ff]/.test(said[1]) ? clean(said[1]) : '';
};

const nameOf = (el, role) => {
  const tag = localName(el), type = (attr(el, 'type') || '').toLowerCase();
  const said = referred(el, 'aria-labelledby') || clean(attr(el, 'aria-label'));
  if (said) return said;
  const labels = labelsOf(el).map(label => textOf(label, {without: el})).filter(Boolean).join(' ');
  if (labels) return clean(labels);
  if (tag === 'input' && /^(button|submit|reset)$/.test(type))
    return clean(attr(el, 'value')) || {submit: 'Submit', reset: 'Reset'}[type] || clean(attr(el, 'title'));
  if (tag === 'img' || tag === 'area' || type === 'image') return clean(attr(el, 'alt') || attr(el, 'title'));
  const own = {fieldset: 'legend', table: 'caption', figure: 'figcaption', svg: 'title'}[tag];
  if (own) {
    const inner = kids(el).find(kid => nodeType(kid) === 1 && localName(kid) === own);
    if (inner) return textOf(inner, {hidden: own === 'title'});
  }
  const content = FROM_CONTENT.has(role) && tag !== 'input' ? textOf(el) : '';
  return content || clean(attr(el, 'title')) || clean(attr(el, 'placeholder') || attr(el, 'aria-placeholder'));
};

// What stands beside a field that nobody named: in front of it, or after a box to tick.
const besideOf = (el, role) => {
  const after = role === 'checkbox' || role === 'radio' || role === 'switch';
  let at = el;
  for (let level = 0; at && level < 4; level++, at = above(at)) {
    const holder = above(at);
    if (!holder) return '';
    const all = kids(holder), here = all.indexOf(at);
    const near = after ? [...all.slice(here + 1), ...all.slice(0, here).reverse()] : all.slice(0, here).reverse();
    for (const one of near) {
      const element = nodeType(one) === 1;
      if (element && (is(one, FIELDS) || Element.prototype.querySelector.call(one, FIELDS))) break;
      const text = element ? textOf(one, {}, 200) : nodeType(one) === 3 ? clean(textContent(one)) : '';
      if (text && text.length <= 40 && !/[.!]$/.test(text)) return text.replace(/\s*[:*]+$/, '');
      if (text) break;
    }
  }
  return '';
};
const FIELDS = 'input, select, textarea, button, [contenteditable], [role=textbox], [role=combobox], [role=slider]';

const COLOURS = {
  black: [0, 0, 0], white: [255, 255, 255], gray: [128, 128, 128], red: [255, 0, 0], green: [0, 128, 0],
  lime: [0, 255, 0], blue: [0, 0, 255], yellow: [255, 255, 0], orange: [255, 165, 0], purple: [128, 0, 128],
  pink: [255, 192, 203], brown: [139, 69, 19], cyan: [0, 255, 255], magenta: [255, 0, 255], olive: [128, 128, 0],
  navy: [0, 0, 128], teal: [0, 128, 128], silver: [192, 192, 192],
};
const colourOf = said => {
  const found = /rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)/.exec(said);
  if (!found || found[4] === '0') return '';
  const far = ([r, g, b]) => (r - found[1]) ** 2 + (g - found[2]) ** 2 + (b - found[3]) ** 2;
  return Object.keys(COLOURS).reduce((best, name) => (far(COLOURS[name]) < far(COLOURS[best]) ? name : best));
};
const SHAPES = {rect: 'rectangle', circle: 'circle', ellipse: 'ellipse', polygon: 'polygon', line: 'line', path: 'shape'};
// What an icon or a shape without a word looks like: a drawn text, an icon's own name, where it leads, its colour.
const looksOf = el => {
  const inner = [el, ...Element.prototype.querySelectorAll.call(el, 'img, svg, use, i, span')].slice(0, 8);
  for (const one of inner) {
    const text = drawn(one, '::before') || drawn(one, '::after');
    if (text) return text;
    if (localName(one) === 'svg' && nameOf(one, 'img')) return nameOf(one, 'img');
    const used = /#(?:icon[-_])?([\w-]+)$/i.exec(attr(one, 'href') || attr(one, 'xlink:href') || '');
    if (localName(one) === 'use' && used) return used[1];
    const icon = /(?:^|[\s_-])(?:fa|bi|icon|glyphicon|mdi|ui-icon|lucide)[-_]([a-z][a-z-]+)/.exec(attr(one, 'class') || '');
    if (icon) return icon[1];
  }
  const leads = localName(el) === 'a' ? /([^/?#]+)\/?(?:[?#].*)?$/.exec(attr(el, 'href') || '') : null;
  if (leads) return leads[1];
  if (SHAPES[localName(el)]) return clean(`${colourOf(css(el).fill)} ${SHAPES[localName(el)]}`);
  return colourOf(css(el).backgroundColor) ? `${colourOf(css(el).backgroundColor)} box` : '';
};
