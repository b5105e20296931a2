// The editor and its dialogs make <style> elements as they need them. The policy lets in those that carry the page's
// nonce, so that markup which got into the page by a mistake brings no style sheet of its own.
const nonce = document.querySelector<HTMLElement>("meta[property=csp-nonce]")?.nonce ?? "";
const createElement = document.createElement;

document.createElement = function (this: Document, name: string, options?: ElementCreationOptions) {
  const element = createElement.call(this, name, options);
  if (element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
} as typeof document.createElement;
