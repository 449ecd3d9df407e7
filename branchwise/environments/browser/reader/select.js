// Selection of a text: where it begins and ends on the screen, and whether it is selected.
const unhex = hex => String.fromCharCode(...(hex.match(/.{4}/g) || []).map(unit => parseInt(unit, 16)));
const fieldWith = text => {
  const fields = everyElement(document).filter(el => /^(input|textarea)$/.test(localName(el)) && seen(el));
  return fields.find(el => !isSecret(el) && typeof el.value === 'string' && el.value.includes(text));
};
const rangeOf = text => {
  const nodes = [], starts = [];
  let all = '';
  const add = at => {
    if (nodeType(at) === 3) {
      const said = textContent(at);
      for (let i = 0; i < said.length; i++) {
        const blank = /\s/.test(said[i]);
        if (blank && (!all || all.endsWith(' '))) continue;
        nodes.push(at);
        starts.push(i);
        all += blank ? ' ' : said[i];
      }
    } else if (nodeType(at) === 1 && !SKIPPED.test(localName(at)) && rendered(at)) {
      if (!/^inline/.test(css(at).display) && all && !all.endsWith(' ')) { nodes.push(null); starts.push(0); all += ' '; }
      for (const kid of kids(at)) add(kid);
    }
  };
  styles = new Map();
  add(document.documentElement);
  const at = all.indexOf(text);
  if (!text || at < 0 || !nodes[at] || !nodes[at + text.length - 1]) return null;
  const range = document.createRange();
  range.setStart(nodes[at], starts[at]);
  range.setEnd(nodes[at + text.length - 1], starts[at + text.length - 1] + 1);
  return range;
};
const selecting = text => {
  const range = rangeOf(text);
  if (!range) return fieldWith(text) ? {} : null;
  const holder = range.startContainer.parentElement;
  if (holder) holder.scrollIntoView({block: 'nearest'});
  const rects = [...range.getClientRects()].filter(rect => rect.width > 0);
  if (!rects.length) return {};
  const first = rects[0], last = rects.at(-1);
  return {left: first.left + 0.5, top: first.top + first.height / 2, right: last.right - 0.1, bottom: last.top + last.height / 2};
};
const selected = text => {
  const now = () => clean(String(getSelection()));
  if (now() === text) return true;
  const field = fieldWith(text);
  const range = rangeOf(text);
  if (range) {
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return now() === text;
  }
  if (!field) return false;
  field.focus();
  field.setSelectionRange(field.value.indexOf(text), field.value.indexOf(text) + text.length);
  return field.value.slice(field.selectionStart, field.selectionEnd) === text;
};
