// Copying, confirming, live notices, keys, strength of passwords. Every page works without this file.
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
  };

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
      if (isAgain) refresh().catch(() => {});
    });
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === 2 && message.name === "notification") refresh().catch(() => {});
    });
    socket.addEventListener("close", () => {
      setTimeout(listen, wait * (0.5 + Math.random()));
      wait = Math.min(wait * 2, 60000);
    });
  };

  const places = { m: "machines", s: "settings", p: "preferences", a: "audit", t: "status" };
  const isOn = () => localStorage.getItem("maas-keys") !== "off";
  const showKeys = () => {
    const list = make("dl", "", { className: "keys" });
    const rows = Object.entries(places).map(([key, place]) => [`g ${key}`, `Go to ${place === "audit" ? "the audit log" : place}`]);
    for (const [keys, text] of [...rows, ["/", "To the filter of this page"], ["?", "This list"]]) {
      const name = make("dt", "");
      name.append(...keys.split(" ").flatMap((key) => [make("kbd", key), " "]));
      list.append(name, make("dd", text));
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
    open("Keys", list, buttons);
  };
  let isGoing = false;
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select, dialog, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !isOn()) return;
    const link = isGoing && places[event.key] && document.querySelector(`.nav a[href="/MAAS/r/${places[event.key]}"]`);
    isGoing = event.key === "g";
    if (link) link.click();
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
