// The sandbox's custom elements; every page works without them.

// Refreshes its content from `src` every second, and stays scrolled to the end if it was there.
class LiveRegion extends HTMLElement {
  connectedCallback() {
    this.setAttribute("role", "log");
    this.scrollTop = this.scrollHeight;
    this.timer = setInterval(() => this.refresh(), 1000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  async refresh() {
    if (document.hidden || this.busy || this.contains(document.activeElement)) return;
    this.busy = true;
    try {
      const response = await fetch(this.getAttribute("src"));
      if (response.ok) this.show(await response.text());
    } catch {
      // The sandbox is restarting: try again in a second.
    } finally {
      this.busy = false;
    }
  }

  show(html) {
    if (html === this.last) return;
    const atEnd = this.scrollHeight - this.scrollTop - this.clientHeight < 80;
    this.last = html;
    this.innerHTML = html;
    if (atEnd) this.scrollTop = this.scrollHeight;
  }
}

// Submits its form as soon as a choice changes.
class SubmitOnChange extends HTMLElement {
  connectedCallback() {
    this.classList.add("ready");
    this.addEventListener("change", () => this.querySelector("form").requestSubmit());
  }
}

// Enter sends, Shift+Enter starts a new line; a link with data-insert inserts its text.
class MessageComposer extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("textarea");
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (field.value.trim()) this.querySelector("form").requestSubmit();
    });
    this.querySelector("[data-insert]")?.addEventListener("click", (event) => {
      event.preventDefault();
      field.setRangeText(event.currentTarget.dataset.insert, field.selectionStart, field.selectionEnd, "end");
      field.focus();
    });
    this.querySelector("form").addEventListener("submit", () => this.lock());
  }

  lock() {
    const button = this.querySelector("button");
    button.setAttribute("aria-busy", "true");
    requestAnimationFrame(() => (button.disabled = true));
  }
}

// Copies a value and confirms it.
class CopyValue extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => this.copy(button));
  }

  async copy(button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  }
}

customElements.define("live-region", LiveRegion);
customElements.define("submit-on-change", SubmitOnChange);
customElements.define("message-composer", MessageComposer);
customElements.define("copy-value", CopyValue);
