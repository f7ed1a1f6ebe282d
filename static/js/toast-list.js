// <toast-list role="status">: put in again after loading, so that screen readers speak; each toast can be dismissed.
const STAYS_MS = 8000;

class ToastList extends HTMLElement {
  connectedCallback() {
    const toasts = [...this.querySelectorAll(".toast")];
    this.replaceChildren();
    requestAnimationFrame(() => {
      this.append(...toasts);
      toasts.forEach((toast) => this.watch(toast));
    });
  }

  watch(toast) {
    toast.querySelector("button").hidden = false;
    toast.querySelector("button").addEventListener("click", () => toast.remove());
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, STAYS_MS) : toast.remove());
    setTimeout(leave, STAYS_MS);
  }
}

customElements.define("toast-list", ToastList);
