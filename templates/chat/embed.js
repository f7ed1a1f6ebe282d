// Adds a button to the page and, once it is pressed, the chat in a frame. It reads nothing of the page, and sets no cookie.
(() => {
  const config = {{ config|safe }};
  if (document.getElementById(config.id)) return;

  const style = (element, rules) => Object.assign(element.style, rules);
  const button = document.createElement("button");
  const frame = document.createElement("iframe");
  button.type = "button";
  button.id = config.id;
  frame.id = `${config.id}-frame`;
  frame.title = config.open;
  frame.hidden = true;
  button.setAttribute("aria-controls", frame.id);
  style(button, {
    position: "fixed", insetInlineEnd: "16px", insetBlockEnd: "16px", zIndex: "2147483000", minHeight: "48px", padding: "0 20px",
    border: "2px solid #ffffff", borderRadius: "24px", background: "#2351d6", color: "#ffffff", font: "600 16px system-ui, sans-serif",
    cursor: "pointer", boxShadow: "0 4px 16px rgb(0 0 0 / 25%)",
  });
  style(frame, {
    position: "fixed", insetInlineEnd: "16px", insetBlockEnd: "76px", zIndex: "2147483000", width: "min(400px, calc(100vw - 32px))",
    height: "min(640px, calc(100dvh - 96px))", border: "1px solid #c9ced8", borderRadius: "12px", background: "#ffffff",
    boxShadow: "0 8px 32px rgb(0 0 0 / 25%)", colorScheme: "light dark",
  });

  const say = () => {
    button.textContent = frame.hidden ? config.open : config.close;
    button.setAttribute("aria-expanded", String(!frame.hidden));
  };
  button.addEventListener("click", () => {
    frame.src ||= config.src;
    frame.hidden = !frame.hidden;
    say();
    if (!frame.hidden) frame.focus();
  });
  const add = () => document.body.append(frame, button);
  say();
  if (document.body) add();
  else document.addEventListener("DOMContentLoaded", add);
})();
