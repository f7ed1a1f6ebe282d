// <passkey-form><form>…<input type="hidden" name="credential">…</form><p role="alert" hidden></p></passkey-form>:
// asks the browser for a passkey, then sends the form. With "creates" it makes one. The options are the JSON of the
// script in the element, or come from the address in "from". What it may say is in the data attributes of the <p>.
const WORDS = { NotAllowedError: "none", InvalidStateError: "known" };

class PasskeyForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.ask();
    });
    if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
      this.say("unable");
      this.form.querySelector("button").disabled = true;
    }
  }

  async ask() {
    this.say();
    try {
      const credential = await (this.hasAttribute("creates") ? this.create() : this.get());
      this.form.elements.credential.value = JSON.stringify(credential.toJSON());
      this.form.submit();
    } catch (error) {
      this.say(WORDS[error.name] ?? "failed");
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

  say(what) {
    const place = this.querySelector("[role=alert]");
    place.textContent = what ? place.dataset[what] : "";
    place.hidden = !what;
  }
}

customElements.define("passkey-form", PasskeyForm);
