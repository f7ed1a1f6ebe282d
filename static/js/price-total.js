// <price-total for="form id" hidden>…<output></output></price-total>: the total for the chosen seats and plan. The plan's
// input says how: data-words="{amount} per month".
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
      this.querySelector("output").textContent = plan.dataset.words.replace("{amount}", amount);
    }
  }
}

customElements.define("price-total", PriceTotal);
