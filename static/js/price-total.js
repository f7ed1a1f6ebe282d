// <price-total for="form id" hidden>…<output></output></price-total>: what the chosen seats cost in all by the chosen plan.
const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

class PriceTotal extends HTMLElement {
  connectedCallback() {
    this.form = document.getElementById(this.getAttribute("for"));
    this.form.addEventListener("input", () => this.show());
    this.show();
  }

  show() {
    const seats = Number(this.form.elements.seats.value);
    const plan = this.form.querySelector("[name=plan]:checked");
    this.hidden = !plan || !Number.isInteger(seats) || seats < 1 || seats > Number(this.form.elements.seats.max);
    if (!this.hidden) {
      this.querySelector("output").textContent = `${money.format((seats * Number(plan.dataset.cents)) / 100)} a ${plan.dataset.interval}`;
    }
  }
}

customElements.define("price-total", PriceTotal);
