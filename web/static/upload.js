/* A list can be dropped on its form; without this script the file is chosen by button. */
(function () {
  "use strict";
  function ready(form) {
    var input = form.querySelector("input[type=file]");
    function over(event) {
      event.preventDefault();
      form.classList.toggle("db-drop--over", event.type === "dragover" || event.type === "dragenter");
    }
    ["dragenter", "dragover", "dragleave"].forEach(function (name) {
      form.addEventListener(name, over);
    });
    form.addEventListener("drop", function (event) {
      over(event);
      if (!event.dataTransfer || !event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      form.requestSubmit();
    });
    form.addEventListener("submit", function () {
      var button = form.querySelector("button[type=submit]");
      form.setAttribute("aria-busy", "true");
      // after the submission has been made, so that the button's own value still goes with it
      window.setTimeout(function () { button.disabled = true; }, 0);
    });
  }
  // the browser's own "open the dropped file" would leave the page when the form is missed
  ["dragover", "drop"].forEach(function (name) {
    window.addEventListener(name, function (event) { event.preventDefault(); });
  });
  document.querySelectorAll("form[data-drop]").forEach(ready);
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-drop] button[disabled]").forEach(function (button) {
      button.disabled = false;
    });
  });
})();
