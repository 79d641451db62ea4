// Shows the form and sends it to the address that this program was loaded from.
(() => {
  "use strict";
  const texts = /* the texts */ null;
  const address = document.currentScript.src;

  const STYLE = `
    dialog { font: 15px/1.45 system-ui, sans-serif; color: #1c1e21; background: #fff; border: 1px solid #c8ccd2;
      border-radius: 8px; padding: 24px; width: min(460px, calc(100vw - 32px)); box-sizing: border-box; }
    dialog::backdrop { background: rgb(0 0 0 / 45%); }
    h2 { margin: 0 0 4px; font-size: 19px; }
    p { margin: 0 0 12px; }
    label { display: block; margin: 0 0 12px; font-weight: 600; }
    input, textarea { display: block; box-sizing: border-box; width: 100%; margin-top: 4px; padding: 8px; font: inherit;
      font-weight: 400; color: inherit; background: #fff; border: 1px solid #8a9099; border-radius: 4px; }
    textarea { min-height: 110px; resize: vertical; }
    footer { display: flex; gap: 8px; justify-content: flex-end; }
    button { font: inherit; padding: 8px 16px; border: 1px solid #8a9099; border-radius: 4px; background: #fff;
      color: inherit; cursor: pointer; }
    button[type="submit"] { background: #1d4f91; border-color: #1d4f91; color: #fff; }
    :focus-visible { outline: 2px solid #1d4f91; outline-offset: 2px; }
    [role="status"]:empty { display: none; }
  `;

  const make = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };
  const field = (tag, name, label, properties) =>
    make("label", {}, label, make(tag, { name, ...properties }));

  const close = make("button", { type: "button", textContent: texts.labelClose });
  const submit = make("button", { type: "submit", textContent: texts.labelSubmit });
  const status = make("p");
  status.setAttribute("role", "status");
  const title = make("h2", { id: "title", textContent: texts.title });
  const form = make("form", {},
    title,
    make("p", { textContent: `${texts.subtitle} ${texts.subtitle2}` }),
    field("input", "name", texts.labelName, { value: texts.name, maxLength: 200, autocomplete: "name" }),
    field("input", "email", texts.labelEmail, { value: texts.email, maxLength: 200, type: "email", autocomplete: "email" }),
    field("textarea", "comments", texts.labelComments, { required: true, maxLength: 8000 }),
    status,
    make("footer", {}, close, submit),
  );
  const dialog = make("dialog", {}, form);
  dialog.setAttribute("aria-labelledby", "title");

  // A tree of its own: the page's styles do not reach in, and its policy need not allow inline styles.
  const host = make("div");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  root.append(dialog);

  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    host.remove();
    window.postMessage("__sentry_reportdialog_closed__", "*");
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      const answer = await fetch(address, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (!answer.ok) throw new Error(String(answer.status));
      submit.remove();
      form.querySelectorAll("label").forEach((label) => label.remove());
      status.textContent = texts.successMessage;
      close.focus();
    } catch {
      status.textContent = texts.errorGeneric;
      submit.disabled = false;
    }
  });

  document.body.append(host);
  dialog.showModal();
})();
