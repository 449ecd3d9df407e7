// What can be acted on, why, and the facts that its actions and their effects are judged by.
const WIDGETS = new Set(`button link checkbox radio switch tab option menuitem menuitemcheckbox menuitemradio treeitem
  combobox listbox slider spinbutton textbox searchbox`.split(/\s+/));
const TICKED = /^(checkbox|radio|switch|menuitemcheckbox|menuitemradio)$/;
const TYPED = /^(textbox|searchbox|spinbutton)$/;
// Fields that held a password once keep their secret when a script shows it.
const secrets = new WeakSet();

const isSecret = el => {
  const fills = attr(el, 'autocomplete') || '';
  const secret = localName(el) === 'input' && ((attr(el, 'type') || '').toLowerCase() === 'password' || /password/.test(fills));
  if (secret || css(el).webkitTextSecurity === 'disc') secrets.add(el);
  return secrets.has(el);
};
const isEditing = el => Boolean(el.isContentEditable) && !(above(el) && above(el).isContentEditable);
const isDisabled = el => is(el, ':disabled') || Boolean(closest(el, '[aria-disabled=true]'));

// Why an element without a role of its own can be acted on: it resizes, has a handler or a pointer, is dragged or dropped on.
const sorts = el => /(^|\s)ui-sortable(\s|$)/.test((el && attr(el, 'class')) || '');
const handledBy = (el, bits) => {
  if (has(el, 'onclick') || bits.includes('c')) return 'c';
  if (/-resize$/.test(css(el).cursor) && bits.includes('d')) return 'r';
  if (/\bui-resizable-handle\b/.test(attr(el, 'class') || '')) return 'r';
  const parent = above(el);
  if (css(el).cursor === 'pointer' && !(parent && css(parent).cursor === 'pointer')) return 'p';
  if (has(el, 'draggable') && attr(el, 'draggable') === 'true') return 'd';
  if (/\bui-(draggable|sortable-handle|droppable)\b/.test(attr(el, 'class') || '')) return 'd';
  if (bits.includes('d') || bits.includes('o')) return 'd';
  return bits.includes('h') ? 'h' : '';
};
const wide = box => box.width * box.height > 0.6 * innerWidth * innerHeight;

const scrolls = (el, style) => {
  const down = /auto|scroll|overlay/.test(style.overflowY) && el.scrollHeight - el.clientHeight > 4;
  const across = /auto|scroll|overlay/.test(style.overflowX) && el.scrollWidth - el.clientWidth > 4;
  if ((!down && !across) || el.clientHeight < 20 || localName(el) === 'textarea') return null;
  return [el.scrollTop, el.scrollHeight - el.clientHeight - el.scrollTop].map(Math.round);
};

const formOf = el => {
  const holder = closest(el, 'a, button, input, [role=button], [role=link]') || el;
  const tag = localName(holder);
  const form = (tag === 'input' || tag === 'button' ? holder.form : null) || closest(holder, 'form');
  const type = (attr(holder, 'type') || (tag === 'button' ? 'submit' : 'text')).toLowerCase();
  const sends = /^(submit|image)$/.test(type) && /^(button|input)$/.test(tag);
  const typed = tag === 'input' && !/^(button|checkbox|radio|reset)$/.test(type);
  return {
    submits: Boolean(form) && (sends || typed),
    method: form ? (attr(holder, 'formmethod') || attr(form, 'method') || 'get').toLowerCase() : '',
    target: short(attr(holder, 'formaction') || (tag === 'a' ? String(holder.href) : '') || (form ? attr(form, 'action') : '') || '', 2000),
    file: type === 'file' && tag === 'input',
  };
};

// A box that is only there for scripts is ticked by its label, as people do.
const conceals = (el, box) => {
  const style = css(el);
  return !seen(el) || box.width * box.height < 9 || style.opacity === '0' || style.pointerEvents === 'none' ||
    style.clipPath !== 'none' || style.clip !== 'auto' || Number(style.zIndex) < 0;
};
const labelShown = el => labelsOf(el).find(label => seen(label) && boxOf(label).width > 1 && boxOf(label).height > 1);

const POINTS = [[0.5, 0.5], [0.25, 0.5], [0.75, 0.5], [0.5, 0.2], [0.5, 0.8], [0.05, 0.5], [0.95, 0.5]];
// Where to press, and what lies over it: `at` when it is not the middle, `cover` when no point is free.
const reach = (el, hand, clip) => {
  const box = boxOf(hand);
  const rect = hand.getClientRects()[0] || box;
  const inner = label => label !== hand && hand !== el && contains(hand, label) && closest(label, 'a, button');
  let over = null;
  let any = false;
  for (const [across, down] of POINTS) {
    const x = rect.left + rect.width * across, y = rect.top + rect.height * down;
    if (x < clip[0] || y < clip[1] || x >= clip[2] || y >= clip[3]) continue;
    any = true;
    const hit = deepest(x, y);
    if (!hit) continue;
    const free = (contains(hand, hit) && !inner(hit)) || contains(hit, hand) ||
      labelsOf(el).some(label => contains(label, hit));
    const middle = across === 0.5 && down === 0.5 && rect.width === box.width && rect.height === box.height;
    if (free) return {view: true, at: middle ? null : [Math.round(x - box.left), Math.round(y - box.top)]};
    over = over || hit;
  }
  return {view: any, cover: over ? coverName(over, hand) : ''};
};
const coverName = (over, under) => {
  let top = over;
  for (let at = over; at && !contains(at, under); at = above(at)) top = at;
  const role = roleOf(top), name = short(nameOf(top, role) || textOf(top, {}, 200), 60);
  return clean(`${role || localName(top)} ${name ? JSON.stringify(name) : attr(top, 'id') || ''}`);
};

const statesOf = (el, role) => {
  const tag = localName(el), marks = [], aria = name => attr(el, `aria-${name}`);
  const ticked = tag === 'input' ? (el.indeterminate ? 'mixed' : String(el.checked)) : aria('checked');
  if (TICKED.test(role) && ticked && ticked !== 'false') marks.push(ticked === 'mixed' ? 'checked=mixed' : 'checked');
  if (isDisabled(el)) marks.push('disabled');
  const open = tag === 'summary' ? String(has(above(el), 'open')) : aria('expanded');
  if (open === 'true') marks.push('expanded');
  if (open === 'false') marks.push('collapsed');
  if (/^h[1-6]$/.test(tag) || aria('level')) marks.push(`level=${Number(aria('level')) || Number(tag[1]) || 2}`);
  if (aria('pressed') && aria('pressed') !== 'false') marks.push('pressed');
  if (aria('selected') === 'true') marks.push('selected');
  if (aria('current') && aria('current') !== 'false') marks.push('current');
  if (aria('sort') && aria('sort') !== 'none') marks.push(aria('sort') === 'ascending' ? 'ascending' : 'descending');
  if (is(el, ':required') || aria('required') === 'true') marks.push('required');
  if (aria('invalid') && aria('invalid') !== 'false') marks.push('invalid');
  if (TYPED.test(role) && (el.readOnly || aria('readonly') === 'true')) marks.push('readonly');
  if (aria('modal') === 'true') marks.push('modal');
  return marks;
};

// What stands in a field: never what is secret.
const valueOf = (el, role) => {
  const tag = localName(el);
  if (tag === 'input' || tag === 'textarea') {
    if (TICKED.test(role) || role === 'button') return '';
    return el.value && isSecret(el) ? '••••' : String(el.value);
  }
  if (tag === 'select') return [...el.selectedOptions].map(option => option.text).join(', ');
  if (role === 'slider' || role === 'spinbutton' || role === 'meter' || role === 'progressbar')
    return attr(el, 'aria-valuetext') || attr(el, 'aria-valuenow') || ('value' in el ? String(el.value) : '') || '';
  if (el.isContentEditable) return css(el).webkitTextSecurity === 'disc' ? '••••' : el.innerText || '';
  return role === 'combobox' || TYPED.test(role) ? textOf(el) : '';
};
const optionsOf = (el, role) => {
  if (localName(el) === 'select')
    return [...el.options].slice(0, 500).map(one => [clean(one.label || one.text), one.selected, one.disabled]);
  if (role !== 'listbox') return [];
  const shown = [...Element.prototype.querySelectorAll.call(el, '[role=option]')].filter(seen).slice(0, 500);
  return shown.map(one => [nameOf(one, 'option'), attr(one, 'aria-selected') === 'true', isDisabled(one)]);
};
