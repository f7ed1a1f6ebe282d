// <password-toggle data-show="Show password"><input type="password"></password-toggle>: a button that shows what is typed.
class PasswordToggle extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    const icons = this.querySelector("template");
    if (!input || !icons || this.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-ghost btn-sm btn-icon";
    button.setAttribute("aria-controls", input.id);
    button.append(icons.content.cloneNode(true));
    button.addEventListener("click", () => this.show(input, button, input.type === "password"));
    this.append(button);
    this.show(input, button, false);
  }

  show(input, button, isShown) {
    input.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
    button.setAttribute("aria-label", this.dataset.show);
    const [eye, crossed] = button.querySelectorAll("svg");
    eye.toggleAttribute("hidden", isShown);
    crossed.toggleAttribute("hidden", !isShown);
  }
}

customElements.define("password-toggle", PasswordToggle);
