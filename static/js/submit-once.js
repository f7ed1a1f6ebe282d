// A form is sent once. Nothing changes for 200 ms; then its button says that it is busy.
const WAIT_MS = 200;

function busy(button) {
  button.setAttribute("aria-busy", "true");
  const spinner = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const arc = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const looks = { width: 16, height: 16, viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": 2.5, "stroke-linecap": "round", class: "spinner", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(looks)) spinner.setAttribute(name, value);
  arc.setAttribute("d", "M21 12a9 9 0 1 1-6.2-8.6");
  spinner.append(arc);
  button.prepend(spinner);
}

function idle(form) {
  delete form.dataset.sending;
  for (const button of document.querySelectorAll("[aria-busy=true]")) {
    button.removeAttribute("aria-busy");
    button.querySelector(".spinner")?.remove();
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "yes";
  if (event.submitter?.classList.contains("btn")) {
    setTimeout(() => form.dataset.sending && busy(event.submitter), WAIT_MS);
  }
});

// The browser's back button shows a page as it was left: make its forms usable again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sending]").forEach(idle);
});
