/* Pointing at a box of the lineage brings out what leads to it and what follows; a click keeps it.
   Curves and boxes are shapes in a known order (pages/_figures/lineage.py), texts stand in the
   order of the boxes; only their opacity is touched, the figure stays as it is. */
(function () {
  "use strict";
  const FAINT = "0.12";

  const reached = function (joints, start, from, to) {
    const found = new Set([start]), todo = [start];
    while (todo.length) {
      const here = todo.pop();
      joints.forEach(function (joint) {
        if (joint[from] === here && !found.has(joint[to])) {
          found.add(joint[to]);
          todo.push(joint[to]);
        }
      });
    }
    return found;
  };

  const show = function (graph, node) {
    const joints = graph.layout.meta.joints;
    const before = node === null ? null : reached(joints, node, 1, 0);
    const after = node === null ? null : reached(joints, node, 0, 1);
    const isOn = function (one) { return node === null || before.has(one) || after.has(one); };
    const isJoint = function (joint) {
      return node === null || (before.has(joint[0]) && before.has(joint[1])) || (after.has(joint[0]) && after.has(joint[1]));
    };
    graph.querySelectorAll(".shapelayer path[data-index]").forEach(function (path) {
      const index = Number(path.dataset.index);
      const on = index < joints.length ? isJoint(joints[index]) : isOn(index - joints.length);
      path.style.visibility = on || index >= joints.length ? "" : "hidden";
      path.style.strokeOpacity = on ? "" : FAINT;
    });
    graph.querySelectorAll(".textpoint").forEach(function (text, index) {
      text.style.opacity = isOn(index) ? "" : "0.3";
    });
  };

  const listen = function (graph) {
    let kept = null;
    graph.dataset.lineage = "on";
    graph.on("plotly_hover", function (event) {
      if (kept === null) { show(graph, event.points[0].pointNumber); }
    });
    graph.on("plotly_unhover", function () {
      if (kept === null) { show(graph, null); }
    });
    graph.on("plotly_click", function (event) {
      const node = event.points[0].pointNumber;
      kept = kept === node ? null : node;
      show(graph, kept);
    });
    graph.on("plotly_afterplot", function () { show(graph, kept); });
  };

  new MutationObserver(function () {
    const graph = document.querySelector(".page-lineage .js-plotly-plot:not([data-lineage])");
    if (graph && graph.on && graph.layout && graph.layout.meta) {
      listen(graph);
    }
  }).observe(document.body, { childList: true, subtree: true });
})();
