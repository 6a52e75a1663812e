(function () {
  "use strict";
  var byId = function (id) { return document.getElementById(id); };
  var all = function (what) { return Array.prototype.slice.call(document.querySelectorAll(what)); };
  var scenes = all(".scene"), filter = byId("filter"), words = byId("words"), clause = byId("clause"), found = byId("found");
  var boxes = all("#filter input[type=checkbox]");
  var texts = scenes.map(function (each) {
    return (each.querySelector("summary").textContent + " " + each.getAttribute("data-c")).toLowerCase();
  });
  function apply() {
    var wanted = words.value.toLowerCase().split(" ").filter(Boolean), shown = 0;
    var verdicts = boxes.filter(function (box) { return box.checked; }).map(function (box) { return box.value; });
    scenes.forEach(function (scene, n) {
      var fits = verdicts.indexOf(scene.getAttribute("data-v")) !== -1;
      if (fits) { fits = clause.value === "" || scene.getAttribute("data-c").split(" ").indexOf(clause.value) !== -1; }
      if (fits) { fits = wanted.every(function (word) { return texts[n].indexOf(word) !== -1; }); }
      scene.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    found.textContent = shown + " of " + scenes.length + " scenarios shown";
  }
  function reveal() {
    var id = decodeURIComponent(location.hash.slice(1)), place = id ? byId(id) : null;
    if (!place) { return; }
    if (place.hidden) {
      words.value = ""; clause.value = "";
      boxes.forEach(function (box) { box.checked = true; });
      apply();
    }
    for (var around = place; around; around = around.parentElement) {
      if (around.tagName === "DETAILS") { around.open = true; }
    }
    if (place.tagName === "DETAILS") { place.querySelector("summary").focus(); }
    place.scrollIntoView();
  }
  if (filter) {
    filter.hidden = false;
    words.addEventListener("input", apply);
    clause.addEventListener("change", apply);
    boxes.forEach(function (box) { box.addEventListener("change", apply); });
    apply();
  }
  window.addEventListener("hashchange", reveal);
  reveal();
  function bringIntoSight(picture) {
    var wrong = picture.querySelector(".m.x");
    if (wrong) { picture.scrollLeft = Number(wrong.getAttribute("x")) - picture.clientWidth / 2; }
  }
  all(".failure .pic").forEach(bringIntoSight);
  all(".failure details").forEach(function (each) {
    each.addEventListener("toggle", function () {
      Array.prototype.forEach.call(each.querySelectorAll(".pic"), bringIntoSight);
    });
  });
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = all(".failure > .key, .clause, .gap, .about").filter(function (each) { return each.tagName === "DETAILS" ? !each.open : false; });
    opened.forEach(function (each) { each.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (each) { each.open = false; });
  });
}());
