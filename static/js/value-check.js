// <value-check for="input id" url="…" data-after="other fields">: asks the server about a value as soon as it is pasted,
// and shows its verdict. When a field that it comes after turns out right, it asks again.
const SPINNER_AFTER_MS = 200;
const AGAIN_MS = 20_000;

class ValueCheck extends HTMLElement {
  connectedCallback() {
    this.input = document.getElementById(this.getAttribute("for"));
    this.says = this.querySelector("[data-says]");
    if (!this.input || !this.says) return;
    this.input.addEventListener("paste", () => setTimeout(() => this.ask()));
    this.input.addEventListener("change", () => this.input.value !== this.asked && this.ask());
    this.addEventListener("click", (event) => this.pressed(event.target.closest("button")));
    this.listen = (event) => this.dataset.after.split(" ").includes(event.detail) && this.ask();
    document.addEventListener("value-checked", this.listen);
    if (!this.input.value && !("entered" in this.dataset)) return;
    this.ask();
  }

  disconnectedCallback() {
    document.removeEventListener("value-checked", this.listen);
    this.stop();
  }

  pressed(button) {
    if (!button) return;
    if ("fill" in button.dataset) this.input.value = button.dataset.fill;
    if ("fill" in button.dataset || "ask" in button.dataset) this.ask();
  }

  stop() {
    clearTimeout(this.timer);
    clearTimeout(this.again);
    this.request?.abort();
  }

  async ask() {
    this.stop();
    this.asked = this.input.value;
    if (!this.asked && !("entered" in this.dataset)) return this.show("");
    this.timer = setTimeout(() => this.show(this.template("asking")), SPINNER_AFTER_MS);
    const request = (this.request = new AbortController());
    const body = new FormData();
    body.set("csrfmiddlewaretoken", this.input.form.elements.csrfmiddlewaretoken.value);
    body.set(this.input.name, this.asked);
    try {
      const answer = await fetch(this.getAttribute("url"), { method: "POST", body, signal: request.signal });
      const text = answer.ok ? await answer.text() : "";
      clearTimeout(this.timer);
      this.show(text);
    } catch {
      if (!request.signal.aborted) this.wait();
    }
  }

  wait() {
    clearTimeout(this.timer);
    this.show(this.template("offline"));
    addEventListener("online", () => this.ask(), { once: true });
    this.again = setTimeout(() => this.ask(), AGAIN_MS);
  }

  template(name) {
    return this.querySelector(`template[data-${name}]`).innerHTML;
  }

  show(html) {
    this.says.innerHTML = html;
    const verdict = this.says.querySelector("[data-state]");
    const state = verdict?.dataset.state;
    this.input.toggleAttribute("aria-invalid", state === "bad");
    if (state === "bad") this.input.setAttribute("aria-invalid", "true");
    this.mark(state === "ok" || state === "warn");
    if (verdict && "down" in verdict.dataset) this.again = setTimeout(() => this.ask(), AGAIN_MS);
    for (const name of verdict?.dataset.needs?.split(" ") ?? []) this.reveal(name);
    if (state === "ok" || state === "warn") {
      document.dispatchEvent(new CustomEvent("value-checked", { detail: this.input.name }));
    }
  }

  mark(isDone) {
    const number = this.closest(".value-step")?.querySelector(".n");
    if (!number) return;
    number.classList.toggle("ok", isDone);
    number.classList.remove("now");
    number.innerHTML = isDone ? this.template("done") : number.dataset.number;
  }

  reveal(name) {
    document.querySelector(`[data-row="${name}"]`)?.removeAttribute("hidden");
  }
}

customElements.define("value-check", ValueCheck);
