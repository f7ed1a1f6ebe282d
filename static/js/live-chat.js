// A web chat: sends a message without loading the page again, and shows answers as they come.
// Without it the form is posted, and the page loaded again.
const SOON_MS = 1500;
const SELDOM_MS = 10000;
const NEAR = 120;

const uuid = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};

customElements.define("live-chat", class extends HTMLElement {
  connectedCallback() {
    this.log = this.querySelector("[role=log]");
    this.form = this.querySelector("form");
    if (!this.form) return;
    this.field = this.form.elements.text;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation(); // submit-once.js would wait for another page
      this.write();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.form.requestSubmit();
    });
    window.addEventListener("online", () => this.look());
    this.toEnd();
    this.wait();
    if ("known" in this.dataset) this.listen();
  }

  disconnectedCallback() {
    this.news?.close();
  }

  // The server says what is being written, and when there is something to look at. The browser comes back by itself.
  listen() {
    if (this.news || !("EventSource" in window)) return;
    this.news = new EventSource(this.dataset.events);
    this.news.addEventListener("message", (event) => {
      const { draft, look } = JSON.parse(event.data);
      if (look) this.look();
      else if (draft !== undefined) this.writeDown(draft);
    });
    this.news.addEventListener("error", () => this.wait());
  }

  // The answer so far. It is read out when it is whole.
  writeDown(draft) {
    const words = this.log.querySelector("#waiting .words");
    if (!words) return;
    const isNear = this.isNear();
    this.draft ??= words.cloneNode(true);
    words.setAttribute("aria-hidden", "true");
    if (draft) words.textContent = draft;
    else words.replaceWith(this.draft.cloneNode(true));
    if (isNear) this.toEnd();
  }

  // What was typed becomes a bubble at once, and the field is free for the next message.
  write() {
    const text = this.field.value.trim();
    if (!text) return;
    this.form.querySelector(".error")?.remove();
    const body = new FormData(this.form);
    body.set("id", uuid());
    body.set("text", text);
    const bubble = this.part("own");
    bubble.id = `p-${body.get("id")}`;
    bubble.querySelector("[data-text]").textContent = text;
    this.log.append(bubble);
    this.field.value = "";
    this.field.focus();
    this.toEnd();
    this.send(body, bubble);
  }

  // Sent again, it has the same id: so it is one message, however often it arrives.
  async send(body, bubble) {
    bubble.querySelector(".went").replaceWith(this.part("sending"));
    try {
      const answer = await fetch(this.form.action, { method: "POST", body: new URLSearchParams(body), headers: { "X-Live-Chat": "1" } });
      const words = await answer.text();
      if (answer.ok) this.sent(bubble);
      else this.failed(body, bubble, answer.status < 500 ? words : "");
    } catch {
      this.failed(body, bubble, "");
    }
  }

  sent(bubble) {
    bubble.querySelector(".went").replaceWith(this.part("sent"));
    const isNear = this.isNear();
    if (!this.log.querySelector("#waiting")) this.log.append(this.part("waiting"));
    if (isNear) this.toEnd();
    this.listen();
    this.wait();
  }

  failed(body, bubble, why) {
    const went = this.part("failed");
    if (why) went.querySelector("[data-why]").textContent = why;
    went.querySelector("button").addEventListener("click", () => this.send(body, bubble));
    bubble.querySelector(".went").replaceWith(went);
  }

  async look() {
    clearTimeout(this.timer);
    try {
      const answer = await fetch(this.dataset.talk, { headers: { "X-Live-Chat": "1" } });
      if (answer.ok) this.show(await answer.text());
      else this.wait();
    } catch {
      this.wait();
    }
  }

  wait() {
    clearTimeout(this.timer);
    if (!this.log.querySelector("[data-waiting]")) return;
    const isHearing = this.news?.readyState === 1;
    this.timer = setTimeout(() => this.look(), isHearing ? SELDOM_MS : SOON_MS);
  }

  // Only what is new or different is touched, so that a screen reader reads out nothing twice.
  show(html) {
    const isNear = this.isNear();
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    const kept = new Set();
    let last = null;
    for (const node of [...fresh.children]) {
      const known = document.getElementById(node.id);
      kept.add(node.id);
      if (!known) last ? last.after(node) : this.log.prepend(node);
      else if (!known.isEqualNode(node) && node.id !== "waiting") known.replaceWith(node);
      last = document.getElementById(node.id);
    }
    for (const node of [...this.log.children]) if (!kept.has(node.id) && !node.id.startsWith("p-")) node.remove();
    if (isNear) this.toEnd();
    this.wait();
  }

  isNear() {
    return document.documentElement.scrollHeight - window.innerHeight - window.scrollY < NEAR;
  }

  toEnd() {
    window.scrollTo({ top: document.documentElement.scrollHeight });
  }

  part(name) {
    return this.querySelector(`template[data-part=${name}]`).content.firstElementChild.cloneNode(true);
  }
});
