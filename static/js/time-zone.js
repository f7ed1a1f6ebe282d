// <time-zone>: chooses the browser's time zone in the select inside, where nobody has chosen yet.
class TimeZone extends HTMLElement {
  connectedCallback() {
    const select = this.querySelector("select");
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (select.value === "UTC" && [...select.options].some((option) => option.value === here)) select.value = here;
  }
}

customElements.define("time-zone", TimeZone);
