'use strict';
const $ = selector => document.querySelector(selector);
const send = async (what, given) => (await fetch(`/api/${what}`, {
    method: 'POST', headers: {'Content-Type': 'application/json', 'X-Reads': what === 'search' ? '1' : '0'},
    body: JSON.stringify(given),
})).json();
const LABELS = ['crash', 'docs', 'hardware', 'slow', 'ui'];
const number = () => Number($('article')?.dataset.issue || 0);

customElements.define('sign-in', class extends HTMLElement {
    connectedCallback() {
        const root = this.attachShadow({mode: 'open'});
        root.innerHTML = `<label>Name <input id=name></label><label>Password <input id=password type=password></label>
            <button>Sign in now</button><p role=status></p>`;
        root.querySelector('button').onclick = async () => {
            const [name, password] = ['name', 'password'].map(id => root.getElementById(id).value);
            const said = await send('sign-in', {name, password});
            if (said.error) root.querySelector('p').textContent = said.error; else location.href = '/';
        };
    }
});

if ($('#banner')) $('#banner button').onclick = async () => { await send('consent', {}); $('#banner').remove(); };
if ($('#clock')) {
    const tick = () => { $('#clock').textContent = `${Math.floor(performance.now())} ms on this page`; };
    tick();
    setInterval(tick, 200);
}

/* The board: cards are dragged; Undo knows the moves of this page only. */
const moved = [];
let held = null;
document.querySelectorAll('#board li').forEach(card => card.addEventListener('dragstart', () => { held = card; }));
document.querySelectorAll('#board section').forEach(column => {
    column.addEventListener('dragover', event => event.preventDefault());
    column.addEventListener('drop', async event => {
        event.preventDefault();
        if (!held) return;
        moved.push([held, held.parentElement, held.nextElementSibling]);
        column.querySelector('ul').append(held);
        await send('move', {issue: held.dataset.issue, state: column.dataset.state});
    });
});
if ($('#undo')) $('#undo').onclick = async () => {
    const last = moved.pop();
    if (!last) return;
    const [card, list, next] = last;
    list.insertBefore(card, next);
    await send('move', {issue: card.dataset.issue, state: list.parentElement.dataset.state, place: 1});
};

/* The list: forty more at its end; the filter is in the fragment, and kept for the next visit. */
if ($('#feed')) {
    const feed = $('#feed');
    let after = 0, busy = false;
    const boxes = [...document.querySelectorAll('#filters input')];
    const wanted = () => location.hash.slice(1) || sessionStorage.labels || '';
    const more = async () => {
        if (busy) return;
        busy = true;
        const rows = await (await fetch(`/api/issues?after=${after}&labels=${wanted()}`)).json();
        for (const [id, title] of rows) {
            const item = feed.appendChild(document.createElement('li'));
            item.append(Object.assign(document.createElement('a'), {href: `/issue/${id}`, textContent: `${id} ${title}`}));
            after = id;
        }
        busy = false;
    };
    const anew = () => {
        const on = wanted().split(',');
        boxes.forEach(box => { box.checked = on.includes(box.value); });
        after = 0;
        feed.textContent = '';
        return more();
    };
    feed.addEventListener('scroll', () => { if (feed.scrollTop + feed.clientHeight > feed.scrollHeight - 40) more(); });
    boxes.forEach(box => { box.onchange = () => {
        sessionStorage.labels = boxes.filter(one => one.checked).map(one => one.value).join(',');
        location.hash = sessionStorage.labels;
    }; });
    onhashchange = anew;
    anew();
}

/* Suggestions come a moment after typing. */
let chosen = '';
document.querySelectorAll('[data-suggest]').forEach(input => {
    const list = document.getElementById(`${input.dataset.suggest}-list`);
    input.oninput = () => setTimeout(() => {
        const found = LABELS.filter(one => input.value && one.startsWith(input.value.toLowerCase()));
        list.replaceChildren(...found.map(label => {
            const item = Object.assign(document.createElement('li'), {textContent: label, role: 'option'});
            item.onclick = async () => {
                input.value = chosen = label;
                list.hidden = true;
                input.setAttribute('aria-expanded', 'false');
                if (number() && input.dataset.suggest === 'issue') {
                    await send('label', {issue: number(), label});
                    location.reload();
                }
            };
            return item;
        }));
        list.hidden = !found.length;
        input.setAttribute('aria-expanded', String(!list.hidden));
    }, 150);
});

if ($('#new')) {
    const dialog = $('#creation');
    $('#new').onclick = () => dialog.showModal();
    dialog.addEventListener('close', async () => {
        if (dialog.returnValue !== 'yes') return;
        const form = dialog.querySelector('form');
        const made = await send('create', {title: form.title.value, assignee: form.assignee.value, label: chosen});
        if (made.issue) location.href = `/issue/${made.issue}`;
    });
}

/* One issue. */
if (number()) {
    const set = (field, value) => send('set', {issue: number(), field, value});
    $('#watch').onchange = event => send('watch', {issue: number(), on: event.target.checked});
    $('[name=state]').onchange = event => send('move', {issue: number(), state: event.target.value});
    $('article [name=assignee]').onchange = event => set('assignee', event.target.value);
    $('[name=priority]').onchange = event => set('priority', Number(event.target.value));
    $('[data-save=title]').onclick = async () => { await set('title', $('[name=title]').value); location.reload(); };
    $('[data-save=body]').onclick = async () => { await set('body', $('#body').innerHTML); location.reload(); };
    $('[data-bold]').onmousedown = event => event.preventDefault();
    $('[data-bold]').onclick = () => document.execCommand('bold');
    $('#comment').onclick = async () => {
        await send('comment', {issue: number(), words: $('#words').value});
        location.reload();
    };
    $('#delete').onclick = () => window.open(`/confirm/${number()}`, 'sure', 'width=300,height=200');
    onmessage = async event => {
        if (event.origin !== location.origin || event.data !== 'delete') return;
        await send('delete', {issue: number()});
        location.href = '/issues';
    };
    let year = 2031, month = 0;
    const draw = () => {
        const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
        const shown = `${year}-${String(month + 1).padStart(2, '0')}`;
        $('#calendar').innerHTML = `<button id=before aria-label='Month before'>‹</button> <b>${shown}</b>
            <button id=after aria-label='Month after'>›</button><div id=days></div>`;
        for (let day = 1; day <= days; day += 1) {
            const date = `${shown}-${String(day).padStart(2, '0')}`;
            const cell = Object.assign(document.createElement('button'), {textContent: String(day), ariaLabel: date});
            cell.onclick = async () => {
                $('#due').textContent = date;
                $('#calendar').hidden = true;
                await set('due', date);
            };
            $('#days').append(cell);
        }
        $('#before').onclick = () => { [year, month] = month ? [year, month - 1] : [year - 1, 11]; draw(); };
        $('#after').onclick = () => { [year, month] = month < 11 ? [year, month + 1] : [year + 1, 0]; draw(); };
    };
    $('#due').onclick = () => { $('#calendar').hidden = !$('#calendar').hidden; draw(); };
}

if ($('#yes')) {
    $('#yes').onclick = () => { opener.postMessage('delete', location.origin); setTimeout(close, 150); };
    $('#no').onclick = () => close();
}
if ($('#ask')) $('#ask').onclick = async () => {
    const rows = await send('search', {words: $('#asked').value});
    $('#hits').replaceChildren(...rows.map(([id, title]) => {
        const item = document.createElement('li');
        item.append(Object.assign(document.createElement('a'), {href: `/issue/${id}`, textContent: title}));
        return item;
    }));
};
