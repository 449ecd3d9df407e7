// Which elements have listeners of their own, told by the page's world: the engine's cannot see them. Needs the
// command line API of the debugging protocol. Answers `shape;index.kinds,…` in the engine's own order.
(() => {
  const kinds = {
    c: ['click', 'mouseup', 'pointerup', 'dblclick', 'touchend', 'tap'],
    d: ['mousedown', 'pointerdown', 'dragstart', 'touchstart'],
    o: ['drop', 'dragover', 'dragenter'],
    h: ['mouseenter', 'mouseover', 'pointerenter', 'pointerover'],
    k: ['keydown', 'keyup', 'keypress', 'input'],
  };
  const found = [];
  let count = 0, sum = 7;
  const walk = root => {
    for (const el of root.querySelectorAll('*')) {
      if (count < 3000) sum = (sum * 31 + el.localName.length * 7 + el.localName.charCodeAt(0)) % 1000003;
      if (count < 40000) {
        const heard = getEventListeners(el);
        let said = '';
        for (const kind in kinds) if (kinds[kind].some(name => heard[name])) said += kind;
        if (said && found.length < 3000) found.push(`${count.toString(36)}.${said}`);
      }
      count += 1;
      if (el.shadowRoot) walk(el.shadowRoot);
    }
  };
  walk(document);
  return `${count}.${sum};${found.join(',')}`;
})()
