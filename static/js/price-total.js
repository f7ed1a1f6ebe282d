// <price-total for="form id" hidden>…<output></output></price-total>: what the chosen seats cost in all by the chosen plan.
// The form says it in data-month="{amount} a month" and data-year="{amount} a year".
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
      const amount = money.format((seats * Number(plan.dataset.cents)) / 100);
      this.querySelector("output").textContent = this.form.dataset[plan.dataset.interval].replace("{amount}", () => amount);
    }
  }
}

customElements.define("price-total", PriceTotal);
