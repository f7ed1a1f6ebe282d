// <passkey-form><form>…<input type="hidden" name="credential">…</form><p role="alert" hidden></p></passkey-form>:
// asks the browser for a passkey, then sends the form. With "creates" it makes one. The options are the JSON of the
// script in the element, or come from the address in "from".
const WORDS = {
  NotAllowedError: "No passkey was used: it was cancelled, it took too long, or this device has none for Roster.",
  InvalidStateError: "This device has a passkey for your account already.",
};

class PasskeyForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.ask();
    });
    if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
      this.say("This browser cannot use passkeys: take a newer one, or another way.");
      this.form.querySelector("button").disabled = true;
    }
  }

  async ask() {
    this.say("");
    try {
      const credential = await (this.hasAttribute("creates") ? this.create() : this.get());
      this.form.elements.credential.value = JSON.stringify(credential.toJSON());
      this.form.submit();
    } catch (error) {
      this.say(WORDS[error.name] ?? "That did not work: load the page again, then try once more.");
    }
  }

  async create() {
    const { publicKey } = (await this.options()).creation_options;
    const alone = this.form.elements.passwordless?.checked ?? true;
    publicKey.authenticatorSelection = {
      ...publicKey.authenticatorSelection,
      residentKey: alone ? "required" : "discouraged",
      requireResidentKey: alone,
      userVerification: alone ? "required" : "preferred",
    };
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
  }

  async get() {
    const { publicKey } = (await this.options()).request_options;
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  }

  async options() {
    if (!this.hasAttribute("from")) return JSON.parse(this.querySelector("script").textContent);
    const answer = await fetch(this.getAttribute("from"), { headers: { Accept: "application/json" } });
    return answer.json();
  }

  say(words) {
    const place = this.querySelector("[role=alert]");
    place.textContent = words;
    place.hidden = !words;
  }
}

customElements.define("passkey-form", PasskeyForm);
