// Copying, confirming, live notices and machines, keys, strength of passwords. Every page works without this file.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, text, properties = {}) => Object.assign(document.createElement(tag), { textContent: text }, properties);
  const page = async (url) => {
    const answer = await fetch(url, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error(`${url}: ${answer.status}`);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };

  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    const text = "value" in source ? source.value : source.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS there is no clipboard: mark the text, so that one key press copies it.
      if (source.select) source.select();
      else getSelection().selectAllChildren(source);
      return;
    }
    const before = button.innerHTML;
    button.textContent = "Copied";
    setTimeout(() => { button.innerHTML = before; }, 2000);
  };

  const open = (title, ...content) => {
    const dialog = make("dialog", "");
    const heading = make("h2", title, { id: "dialog-title" });
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.append(heading, ...content);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-cancel]")) {
        event.preventDefault();
        dialog.close();
      }
    });
    document.body.append(dialog);
    enhance(dialog);
    dialog.showModal();
  };

  const confirm = async (link) => {
    try {
      const other = await page(link.href);
      open(other.querySelector("h1").textContent, other.querySelector("[data-dialog]"));
    } catch {
      location.assign(link.href);
    }
  };

  const watchStrength = (input) => {
    const line = document.getElementById(input.dataset.strength);
    const form = input.form;
    let timer;
    const ask = async () => {
      const field = (name) => form.elements.namedItem(name)?.value ?? "";
      const body = new URLSearchParams({ password: input.value, email: field("email") });
      if (field("username")) body.set("username", field("username"));
      const headers = { "X-CSRFToken": field("csrfmiddlewaretoken") };
      const answer = await fetch("/MAAS/r/preferences/password/strength", { method: "POST", body, headers });
      if (!answer.ok) return;
      const { score, word, hint } = await answer.json();
      line.querySelector("meter").value = score;
      line.querySelector("span").textContent = hint ? `${word}: ${hint}` : word;
      line.hidden = false;
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      line.hidden = line.hidden || !input.value;
      if (input.value) timer = setTimeout(ask, 350);
    });
  };

  const enhance = (root) => {
    for (const button of all("[data-copy]", root)) {
      button.hidden = false;
      button.addEventListener("click", () => copy(button));
    }
    for (const link of all("a[data-confirm]", root)) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        confirm(link);
      });
    }
    for (const input of all("[data-strength]", root)) watchStrength(input);
    for (const select of all("[data-resend]", root)) {
      const button = select.form.querySelector("button[name=intent]");
      if (!button) continue;
      button.hidden = true;
      select.addEventListener("change", () => select.form.requestSubmit(button));
    }
  };

  // Machines: the socket says which changed, the server draws them again, and they take the place of the old ones.
  const list = document.querySelector("[data-machines]");
  const marked = () => all("tbody input[name=id]:checked", list);
  const countMarked = () => {
    const place = list.querySelector("[data-marked]");
    if (place) place.textContent = marked().length ? ` (${marked().length})` : "";
  };
  const redraw = async (ids) => {
    const shown = ids.filter((id) => list.querySelector(`tr[data-id="${id}"]`));
    if (!shown.length) return;
    const fresh = await page(`/MAAS/r/machines/rows?ids=${shown.join(",")}`);
    for (const id of shown) {
      const old = list.querySelector(`tr[data-id="${id}"]`);
      const row = fresh.querySelector(`tr[data-id="${id}"]`);
      if (!row) {
        old.classList.add("gone");
        for (const input of all("input, a", old)) input.replaceWith(...(input.matches("a") ? input.childNodes : []));
        continue;
      }
      const hadFocus = old.contains(document.activeElement);
      const box = row.querySelector("input");
      if (box) box.checked = old.querySelector("input")?.checked ?? false;
      old.replaceWith(document.importNode(row, true));
      if (hadFocus) list.querySelector(`tr[data-id="${id}"] a`)?.focus();
    }
    countMarked();
  };
  const redrawMachine = async () => {
    const fresh = await page(location.href);
    for (const id of ["machine-state", "machine-deeds", "machine-life", "machine-power", "machine-events"]) {
      const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
      if (!old || !now || old.contains(document.activeElement) || old.querySelector("details[open]")) continue;
      const live = document.importNode(now, true);
      old.replaceWith(live);
      enhance(live);
    }
  };
  let added = 0;
  const changed = new Set();
  let waiting;
  const machineChanged = (action, data) => {
    const id = typeof data === "string" ? data : data?.system_id;
    if (list && action === "create") {
      added += 1;
      const link = list.querySelector("[data-fresh]");
      link.textContent = added === 1 ? "1 machine was added. Show it" : `${added} machines were added. Show them`;
      link.hidden = false;
      return;
    }
    changed.add(id);
    waiting ??= setTimeout(() => {
      const ids = [...changed];
      changed.clear();
      waiting = undefined;
      if (list) redraw(ids).catch(() => {});
      const one = document.querySelector("[data-machine]");
      if (one && ids.includes(one.dataset.machine)) redrawMachine().catch(() => {});
    }, 300);
  };
  if (list) {
    const every = list.querySelector("[data-all]");
    if (every) {
      every.hidden = false;
      every.addEventListener("change", () => {
        for (const box of all("tbody input[name=id]", list)) box.checked = every.checked;
        countMarked();
      });
    }
    list.addEventListener("change", countMarked);
    countMarked();
  }

  // Notices: the socket says that something changed, the server draws them.
  const notices = document.querySelector("[data-live]");
  const refresh = async () => {
    const fresh = (await page("/MAAS/r/notifications")).getElementById("notices");
    for (const back of all("input[name=back]", fresh)) back.value = location.pathname + location.search;
    if (fresh.textContent.trim() !== notices.textContent.trim()) notices.replaceChildren(...fresh.children);
  };
  let wait = 1000;
  const listen = () => {
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
    if (!token) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/MAAS/ws?csrftoken=${token}`);
    let isAgain = wait > 1000;
    socket.addEventListener("open", () => {
      wait = 1000;
      if (!isAgain) return;
      refresh().catch(() => {});
      // What changed while nobody listened.
      const one = document.querySelector("[data-machine]");
      if (one) redrawMachine().catch(() => {});
      if (list) redraw(all("tr[data-id]", list).map((row) => row.dataset.id)).catch(() => {});
    });
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      if (message.type !== 2) return;
      if (message.name === "notification") refresh().catch(() => {});
      if (message.name === "machine") machineChanged(message.action, message.data);
    });
    socket.addEventListener("close", () => {
      setTimeout(listen, wait * (0.5 + Math.random()));
      wait = Math.min(wait * 2, 60000);
    });
  };

  const places = { m: "machines", d: "devices", o: "pools", z: "zones", l: "tags", s: "settings", p: "preferences", a: "audit", t: "status" };
  const isOn = () => localStorage.getItem("maas-keys") !== "off";
  const showKeys = () => {
    const table = make("dl", "", { className: "keys" });
    const rows = Object.entries(places).map(([key, place]) => [`g ${key}`, `Go to ${place === "audit" ? "the audit log" : place}`]);
    const here = list ? [["j", "Next machine"], ["k", "Machine before"], ["x", "Mark or unmark it"], ["Enter", "Open it"]] : [];
    for (const [keys, text] of [...rows, ...here, ["/", "To the filter of this page"], ["?", "This list"]]) {
      const name = make("dt", "");
      name.append(...keys.split(" ").flatMap((key) => [make("kbd", key), " "]));
      table.append(name, make("dd", text));
    }
    const label = () => (isOn() ? "Turn these keys off" : "Turn these keys on");
    const toggle = make("button", label(), { className: "button quiet", type: "button" });
    toggle.addEventListener("click", () => {
      localStorage.setItem("maas-keys", isOn() ? "off" : "on");
      toggle.textContent = label();
    });
    const close = make("button", "Close", { className: "button primary", type: "button" });
    close.dataset.cancel = "";
    const buttons = make("div", "", { className: "buttons" });
    buttons.append(close, toggle);
    open("Keys", table, buttons);
  };
  const step = (by) => {
    const links = all("tbody a.open", list);
    const here = links.indexOf(document.activeElement.closest("tr")?.querySelector("a.open"));
    links[here < 0 ? (by > 0 ? 0 : links.length - 1) : Math.max(0, Math.min(links.length - 1, here + by))]?.focus();
  };
  const mark = () => {
    const box = document.activeElement.closest("tr[data-id]")?.querySelector("input[name=id]");
    if (box) box.click();
  };
  let isGoing = false;
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !isOn()) return;
    const link = isGoing && places[event.key] && document.querySelector(`.nav a[href="/MAAS/r/${places[event.key]}"]`);
    isGoing = event.key === "g";
    if (link) link.click();
    else if (list && (event.key === "j" || event.key === "k")) step(event.key === "j" ? 1 : -1);
    else if (list && event.key === "x") mark();
    else if (event.key === "?") showKeys();
    else if (event.key === "/") document.querySelector("[data-filter]")?.focus();
    else return;
    event.preventDefault();
  });

  enhance(document);
  document.querySelector(".summary")?.focus();
  for (const button of all("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", showKeys);
  }
  if (notices) listen();
})();
