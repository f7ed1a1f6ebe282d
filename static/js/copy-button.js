// <copy-button value="…" data-copied="Copied"><button>Copy</button></copy-button>: copies, and says so to everybody.
const SHOWN_MS = 2000;

class CopyButton extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    const said = document.createElement("span");
    said.className = "vh";
    said.setAttribute("role", "status");
    this.append(said);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(this.getAttribute("value"));
      const word = button.querySelector("[data-word]") ?? button;
      const before = word.textContent;
      word.textContent = said.textContent = this.dataset.copied;
      setTimeout(() => {
        word.textContent = before;
        said.textContent = "";
      }, SHOWN_MS);
    });
  }
}

customElements.define("copy-button", CopyButton);
