// A selector engine of Playwright's: `read…` answers with an element that is in no document and holds the reading as
// JSON; a number answers with the thing of that number in the newest reading, `N!` with the element behind its label.
const listened = (said, all) => {
  const bits = new Map();
  for (const entry of said ? said.split(',') : []) {
    const [at, kinds] = entry.split('.');
    const el = all[parseInt(at, 36)];
    if (el) bits.set(el, kinds);
  }
  // A sortable list of jQuery UI hears mouse and clicks for its items, which are what is dragged.
  return el => {
    const own = bits.get(el) || '';
    if (sorts(el)) return own.replace(/[cd]/g, '');
    return sorts(above(el)) && !own.includes('d') ? own + 'd' : own;
  };
};
const answer = said => {
  const holder = Document.prototype.createElement.call(document, 'pre');
  holder.append(JSON.stringify(said));
  return [holder];
};
const queryAll = (root, body) => {
  if (body.startsWith('read')) {
    const all = everyElement(document), mine = shapeOf(all);
    const known = body.split(';');
    const page = read(listened(known[known.indexOf(mine) + 1], all));
    return answer({...page, shape: mine});
  }
  if (body.startsWith('text;')) return answer(selecting(unhex(body.slice(5))));
  if (body.startsWith('selected;')) return answer(selected(unhex(body.slice(9))));
  const found = things[parseInt(body)];
  const el = found ? (body.endsWith('!') ? found.el : found.hand) : null;
  return el && isConnected(el) ? [el] : [];
};
return {query: (root, body) => queryAll(root, body)[0] || null, queryAll};
