// Keeps what one is reading where it is, while earlier messages are put above it.
class KeepPlace extends HTMLElement {
  connectedCallback() {
    const page = document.scrollingElement;
    let toTheEnd = 0;
    this.addEventListener("htmx:beforeSwap", () => { toTheEnd = page.scrollHeight - page.scrollTop; });
    this.addEventListener("htmx:afterSwap", () => { page.scrollTop = page.scrollHeight - toTheEnd; });
  }
}

customElements.define("keep-place", KeepPlace);
