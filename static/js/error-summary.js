// <error-summary tabindex="-1">: after a failed submit the focus goes here; its links go to the fields.
class ErrorSummary extends HTMLElement {
  connectedCallback() {
    this.focus();
    this.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#']");
      const field = link && document.getElementById(link.hash.slice(1));
      if (!field) return;
      event.preventDefault();
      field.closest("details")?.setAttribute("open", "");
      field.focus();
    });
  }
}

customElements.define("error-summary", ErrorSummary);
