// <live-preview for="form id">: elements with data-shows="field name" repeat what is typed there.
class LivePreview extends HTMLElement {
  connectedCallback() {
    const form = document.getElementById(this.getAttribute("for"));
    form?.addEventListener("input", () => this.repeat(form));
  }

  repeat(form) {
    for (const place of this.querySelectorAll("[data-shows]")) {
      const typed = form.elements[place.dataset.shows].value.trim();
      const shown = "initials" in place.dataset ? typed.slice(0, 2).toUpperCase() : typed;
      place.textContent = shown || place.dataset.otherwise || "";
    }
  }
}

customElements.define("live-preview", LivePreview);
