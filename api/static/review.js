"use strict";
// One key a label while the form has the focus; without this script Tab, arrows and Space do the same.
const form = document.getElementById("review");

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.key === "Enter" && event.target.tagName === "INPUT") {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  const field = [...form.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key.toLowerCase());
  if (field && event.key.length === 1) {
    event.preventDefault();
    field.click();
    field.focus({ preventScroll: true });
  }
}
form.addEventListener("keydown", pressed);
form.querySelector("input[type=radio]:checked, input[type=radio]").focus({ preventScroll: true });
