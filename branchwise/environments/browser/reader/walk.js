// One walk over the page: the rows that are shown, in order, and in the same rows what can be acted on.
const MOST_ELEMENTS = 40000, MOST_ROWS = 12000, MOST_DEPTH = 400, MOST_NAME = 120, MOST_TEXT = 1500;
const SKIPPED = /^(script|style|noscript|template|head|meta|link|title|base|defs|symbol|datalist|option|source|track|param|map)$/;
const MUTED = new Set([...FROM_CONTENT, 'combobox', 'slider', 'spinbutton', 'textbox', 'searchbox', 'canvas', 'progressbar', 'meter']);
const LOOSE = new Set(['generic', '', 'listitem', 'cell', 'paragraph', 'gridcell', 'group', 'term', 'definition', 'code', 'note']);
// Roleless tags that a handler turns into what people call a button.
const PLAIN = /^(span|div|li|td|p|svg|label|i|b|em|strong|small|dt|dd|section|article|a|font|center|ul)$/;

// Inside of these nothing else is pressed, whatever listens there.
const FIRM = /^(button|link|checkbox|radio|switch|combobox|textbox)$/;
const HOLDS = 'a[href], button, input, select, textarea, summary, [onclick], [role=button], [role=checkbox], [role=link],' +
  '[role=option], [role=radio], [role=slider], [role=switch], [role=tab], [role^=menuitem], [role=treeitem]';

let things = [];

const read = (bitsOf, mostElements = MOST_ELEMENTS) => {
  styles = new Map();
  things = [];
  const emitted = new Set(), page = {rows: [], left: 0, closed: 0, active: -1, focus: -1};
  let count = 0, kept = 0;

  const sink = () => ({rows: [], text: '', top: null});
  const flush = (out, env) => {
    let text = clean(out.text);
    out.text = '';
    while (text && !env.mute) {
      out.rows.push({d: env.depth, r: 'text', v: text.slice(0, MOST_TEXT), i: inView(out.top, env)});
      text = text.slice(MOST_TEXT);
    }
    out.top = null;
  };
  const inView = (box, env) => (box && box.bottom > env.clip[1] && box.top < env.clip[3] && box.right > env.clip[0] && box.left < env.clip[2] ? 1 : 0);

  const thing = (row, el, role, why, env, label = null) => {
    const hidden = label || (TICKED.test(role) || row.role === 'button' ? (conceals(el, boxOf(el)) ? labelShown(el) : null) : null);
    let hand = hidden || el;
    let found = reach(el, hand, env.clip);
    if (found.cover && hand === el && TICKED.test(role) && labelShown(el)) {
      hand = labelShown(el);
      found = reach(el, hand, env.clip);
    }
    const box = boxOf(hand), clickable = !TYPED.test(role) && localName(el) !== 'select';
    row.t = things.push({el, hand}) - 1;
    row.i = found.view ? 1 : row.i;
    row.w = why;
    row.b = [box.left, box.top, box.width, box.height].map(Math.round);
    row.x = bitsOf(el);
    if (found.at) row.p = found.at;
    if (found.cover) row.c = found.cover;
    if (clickable) row.f = formOf(el);
    if (isSecret(el)) row.s = 1;
    if (localName(el) === 'input') row.k = (attr(el, 'type') || 'text').toLowerCase();
    else if (localName(el) === 'select' || localName(el) === 'textarea') row.k = localName(el);
    else if (el.isContentEditable) row.k = 'editing';
    const limits = ['min', 'max', 'step'].map(name => attr(el, name) || attr(el, `aria-value${name}`) || '');
    if (limits.some(Boolean)) row.l = limits;
    if (has(el, 'maxlength')) row.ml = Number(attr(el, 'maxlength'));
    if (el.multiple || attr(el, 'aria-multiselectable') === 'true') row.mu = 1;
    const options = optionsOf(el, role);
    if (options.length) row.o = options;
    if (TICKED.test(role)) row.ck = row.m.some(mark => mark.startsWith('checked')) ? 1 : 0;
    if (has(el, 'aria-autocomplete') || has(el, 'list') || attr(el, 'autocomplete') === 'off') row.a = 1;
    if (el === focus) page.active = row.t;
    const said = MUTED.has(role) && localName(el) !== 'input' ? textOf(el, {}, 300) : '';
    if (said && said.length <= 80 && !/[\ue000-\uf8ff]/.test(said) && !row.n.toLowerCase().includes(said.toLowerCase()) && !row.v) row.sh = said;
  };

  const visit = (node, out, env) => {
    if (nodeType(node) === 3) {
      if (env.visible) out.text += textContent(node);
      return;
    }
    if (nodeType(node) !== 1) return;
    const el = node, tag = localName(el);
    if (SKIPPED.test(tag)) return;
    if (++count > mostElements || kept > MOST_ROWS || env.depth > MOST_DEPTH) { page.left++; return; }
    if (tag === 'br') { out.text += ' '; return; }
    if (!rendered(el)) return;
    const style = css(el), box = boxOf(el), bits = bitsOf(el);
    if (style.display !== 'contents' && shut(el, box)) return;
    const visible = style.visibility === 'visible';
    const clip = style.position === 'fixed' ? [0, 0, innerWidth, innerHeight] : env.clip;
    const inside = style.overflow === 'visible' ? clip : [Math.max(clip[0], box.left), Math.max(clip[1], box.top), Math.min(clip[2], box.right), Math.min(clip[3], box.bottom)];
    const within = {...env, clip, visible, inert: env.inert || has(el, 'inert')};
    const block = !/^inline$|^contents$/.test(style.display);
    if (block) flushBlock(out, within);
    if (!out.top && style.display !== 'contents') out.top = box;
    row(el, tag, style, box, bits, out, {...within, inside});
    if (block) flushBlock(out, within);
  };
  const flushBlock = (out, env) => (env.mute ? (out.text += ' ') : flush(out, env));

  const row = (el, tag, style, box, bits, out, env) => {
    const control = tag === 'label' ? el.control : null;
    if (control && proxied(control, el, out, env)) return;
    let role = roleOf(el);
    if (isEditing(el) && !WIDGETS.has(role)) role = 'textbox';
    const why = env.visible && !env.inert ? reason(el, tag, role, box, bits, env) : '';
    if (why && (!role || (PLAIN.test(tag) && !has(el, 'role'))) && !WIDGETS.has(role) && why !== 's') role = tag === 'a' ? 'link' : why === 'd' && !textOf(el, {}, 50) ? 'item' : SHAPES[tag] ? 'shape' : 'button';
    if (why === 's' && !role) role = 'scroller';
    if (!role && !why && SHAPES[tag]) return;
    if (!role || (role === 'img' && tag === 'svg' && !why && !nameOf(el, 'img')) || /^(separator|row?group)$/.test(role)) {
      generic(el, tag, out, env);
      return;
    }
    const named = WIDGETS.has(role) || why === 'c' || why === 'p' || why === 'd' || why === 'h';
    const field = TYPED.test(role) || TICKED.test(role) || role === 'combobox' || role === 'listbox' || role === 'slider';
    let name = nameOf(el, role);
    if (!name && why && named && !field) name = textOf(el, {}, 400);
    if (!name && why && field) name = besideOf(el, role);
    if (!name && why && named && !field) name = looksOf(el);
    const value = valueOf(el, role);
    const made = {d: env.depth, r: role, n: short(name, MOST_NAME), m: statesOf(el, role), v: short(clean(value), 2000), i: inView(box, env)};
    const hint = attr(el, 'placeholder');
    if (field && hint && clean(hint) !== name) made.h = short(clean(hint), 60);
    if (el.scrollHeight > el.clientHeight || el.scrollWidth > el.clientWidth) {
      const more = scrolls(el, style);
      if (more) made.sc = more;
    }
    flush(out, env);
    if (why) thing(made, el, role, why, env);
    emitted.add(el);
    if (tag === 'iframe' || tag === 'frame') {
      if (box.width < 2 || box.height < 2) return;
      made.fr = made.t === undefined ? things.push({el, hand: el}) - 1 : made.t;
      if (el === focus) page.focus = made.fr;
      made.b = [box.left, box.top, box.width, box.height].map(Math.round);
      push(out, made, []);
      return;
    }
    const mute = env.mute || MUTED.has(role) || (named && why !== 's');
    const inner = sink();
    if (!(tag === 'select' || tag === 'textarea' || (el.isContentEditable && role === 'textbox') || tag === 'input'))
      for (const kid of kids(el)) visit(kid, inner, {...env, clip: env.inside, depth: env.depth + 1, mute, owner: why && why !== 's' ? el : env.owner, parent: role});
    flush(inner, {...env, depth: env.depth + 1, mute});
    push(out, made, inner.rows, el);
  };

  const push = (out, made, below, el = null) => {
    const only = below.length === 1 && below[0].r === 'text' && !made.v ? below[0] : null;
    if (only) { made.v = only.v; below = []; }
    if (!below.length && !made.v && made.t === undefined && made.fr === undefined && !made.n) return;
    if (made.r === 'img' && !made.n && made.t === undefined) return;
    kept += 1;
    out.rows.push(made, ...below);
  };

  const generic = (el, tag, out, env) => {
    const children = kids(el);
    if (!children.length) {
      const said = clean(attr(el, 'aria-label') || attr(el, 'title')) || drawn(el, '::before') || drawn(el, '::after');
      if (said && env.visible) out.text += ` ${said} `;
      if (tag.includes('-') && !shadowRoot(el) && env.visible && boxOf(el).width > 8 && boxOf(el).height > 8) closed(el, out, env);
      return;
    }
    const before = out.rows.length, label = clean(attr(el, 'aria-label'));
    const deaf = tag === 'label' && el.control && textOf(el, {without: el.control}, 200).length <= MOST_NAME;
    for (const kid of children) visit(kid, out, {...env, clip: env.inside, quiet: deaf || env.quiet, visible: env.visible && !(deaf && nodeType(kid) === 3)});
    if (label && out.rows.length === before && !clean(out.text)) out.text += ` ${label} `;
  };
  // A closed shadow root cannot be read; that something is there can be said, and it can be clicked.
  const closed = (el, out, env) => {
    page.closed++;
    flush(out, env);
    const made = {d: env.depth, r: 'component', n: localName(el), m: ['closed'], v: '', i: inView(boxOf(el), env)};
    if (!env.inert) thing(made, el, 'component', 'c', env);
    push(out, made, []);
  };

  // A label stands for a box that scripts hid.
  const proxied = (control, label, out, env) => {
    const role = roleOf(control);
    const file = (attr(control, 'type') || '').toLowerCase() === 'file';
    if (emitted.has(control) || seen(control) || env.inert || !env.visible || !(TICKED.test(role) || file)) return false;
    emitted.add(control);
    flush(out, env);
    const made = {d: env.depth, r: role, n: short(nameOf(control, role), MOST_NAME), m: statesOf(control, role), v: '', i: inView(boxOf(label), env)};
    thing(made, control, role, 'w', env, label);
    const inner = sink();
    for (const kid of kids(label)) visit(kid, inner, {...env, clip: env.inside, depth: env.depth + 1, mute: true, owner: control});
    push(out, made, inner.rows);
    return true;
  };

  const reason = (el, tag, role, box, bits, env) => {
    if (WIDGETS.has(role)) {
      if (role === 'option' && env.parent === '' && !seen(el)) return '';
      return style0(box) && !labelShown(el) && !has(el, 'tabindex') && TICKED.test(role) ? '' : 'w';
    }
    if (tag === 'canvas') return 'x';
    if (tag === 'html' || tag === 'body') return '';
    const handled = handledBy(el, bits);
    if (handled && !(wide(box) && handled !== 'c' && handled !== 'd')) {
      const own = has(el, 'onclick') || bits !== '';
      if (tag === 'label' && el.control) return tail(el);
      if (env.owner && !(own && !FIRM.test(roleOf(env.owner)))) return tail(el);
      const holds = Element.prototype.querySelector.call(el, HOLDS) || holdsBits(el);
      if (holds && (!own || wide(box) || handled === 'h')) return tail(el);
      return handled;
    }
    return tail(el);
  };
  const style0 = box => box.width * box.height < 1;
  const tail = el => (el.scrollHeight > el.clientHeight + 4 || el.scrollWidth > el.clientWidth + 4 ? (scrolls(el, css(el)) ? 's' : '') : '');
  const holdsBits = el => { for (const one of Element.prototype.querySelectorAll.call(el, '*')) if (/[cd]/.test(bitsOf(one))) return true; return false; };

  const focus = focused();
  const root = document.documentElement;
  const out = sink();
  const env = {depth: 0, clip: [0, 0, innerWidth, innerHeight], inside: [0, 0, innerWidth, innerHeight], mute: false, visible: true, inert: false, owner: null, parent: ''};
  if (root) for (const kid of kids(root)) visit(kid, out, env);
  flush(out, env);
  page.rows = out.rows;
  const scroller = document.scrollingElement || root;
  page.scroll = scroller ? [scroller.scrollTop, scroller.scrollHeight - innerHeight - scroller.scrollTop].map(Math.round) : [0, 0];
  page.size = [innerWidth, innerHeight];
  page.title = short(clean(Object.getOwnPropertyDescriptor(Document.prototype, 'title').get.call(document)), 300);
  if (focus && localName(focus) !== 'body') page.enter = {...formOf(focus), types: TYPED.test(roleOf(focus)) || Boolean(focus.isContentEditable)};
  return page;
};

// The shape of the document, told alike by the page's own world, where its listeners can be seen.
const shapeOf = all => {
  let sum = 7;
  for (const el of all.slice(0, 3000)) sum = (sum * 31 + localName(el).length * 7 + localName(el).charCodeAt(0)) % 1000003;
  return `${all.length}.${sum}`;
};
