/* Language, theme, menu and the user menu. No state but two cookies and the address. */
(function () {
  "use strict";
  const YEAR = 31536000;
  const OWN = /^(state|order|window|steps|metrics|rows|columns|by|sort|top|across|form)=/;

  const remember = function (name, value) {
    document.cookie = name + "=" + value + ";path=/;max-age=" + YEAR + ";samesite=lax";
  };
  const recall = function (name) {
    const found = document.cookie.match(new RegExp("(?:^|; )" + name + "=([^;]*)"));
    return found ? decodeURIComponent(found[1]) : "";
  };

  // A language in the address is kept, then taken out of it: the address is the filters' alone.
  const here = new URL(window.location.href);
  const wished = here.searchParams.get("lang");
  if (wished === "zh" || wished === "en") {
    remember("lang", wished);
    const rest = here.search.slice(1).split("&").filter(function (pair) {
      return pair && !pair.startsWith("lang=");
    });
    window.history.replaceState({}, "", here.pathname + (rest.length ? "?" + rest.join("&") : "") + here.hash);
  }

  const paint = function (theme) {
    document.documentElement.setAttribute("data-bs-theme", theme);
    document.documentElement.setAttribute("data-theme", theme);
  };
  paint(recall("theme") === "dark" ? "dark" : "light");

  const switchTheme = function () {
    const theme = document.documentElement.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    remember("theme", theme);
    paint(theme);
    window.dash_clientside.set_props("theme", { data: theme });
  };

  document.body.dataset.page = window.location.pathname;

  document.addEventListener("click", function (event) {
    const target = event.target.closest("[data-theme-switch], [data-lang], .brand");
    document.querySelectorAll("details.user[open], details.more[open]").forEach(function (menu) {
      if (!menu.contains(event.target) && document.contains(event.target)) {
        menu.removeAttribute("open");
      }
    });
    if (!target) {
      return;
    }
    if (target.hasAttribute("data-theme-switch")) {
      switchTheme();
    } else if (target.hasAttribute("data-lang")) {
      event.preventDefault();
      remember("lang", target.getAttribute("data-lang"));
      window.location.reload();
    }
  });

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      document.querySelectorAll("details.user[open], details.more[open], details.behind[open]").forEach(function (menu) {
        menu.removeAttribute("open");
      });
    }
  });

  document.addEventListener("submit", function (event) {
    const token = event.target.querySelector('input[name="csrf_token"]');
    if (token) {
      token.value = recall("_csrf_token");
    }
  });

  /* The entry an address points at comes after the page: look for it until it is there. */
  const find = function (left) {
    const entry = document.getElementById(window.location.hash.slice(1));
    if (entry) {
      entry.classList.add("is-target");
      entry.scrollIntoView();
    } else if (left > 0) {
      setTimeout(find, 200, left - 1);
    }
  };
  if (window.location.hash.length > 1) {
    find(50);
  }

  /* dcc.RadioItems and dcc.Checklist dress native buttons as list options, which readers then cannot
     operate. The native meaning is the right one: the wrong roles are taken off. */
  const undress = function () {
    document.querySelectorAll(":is(.pills, .ticks)[role], :is(.pills, .ticks) :is([role='option'], [aria-selected])").forEach(function (node) {
      node.removeAttribute("role");
      node.removeAttribute("aria-selected");
      node.removeAttribute("aria-multiselectable");
    });
  };
  const tend = function () {
    undress();
    listen();
  };
  new MutationObserver(tend).observe(document.body, {
    childList: true,
    subtree: true,
    attributeFilter: ["aria-selected", "role"],
  });

  /* Pages of one group share the first part of their path and one entry of the menu. */
  const group = function (path) {
    return path.split("/")[1];
  };

  /* Filters go along from page to page; those of the list of runs and keys that only one page
     reads (OWN_KEYS in pages/_ui/address.py) stay in their group. */
  const carried = function (search, path) {
    const here = group(window.location.pathname);
    if (group(path) === here) {
      return search;
    }
    const kept = here === "pipeline" ? /^(source|state)=/ : OWN;
    const rest = search.slice(1).split("&").filter(function (pair) {
      return pair && !kept.test(pair) && !OWN.test(pair);
    });
    return rest.length ? "?" + rest.join("&") : "";
  };

  /* What a mark of a chart or a row of a table stands for is handed to the filters, which add it
     or take it out. The count tells a second click from the first. */
  let picks = 0;
  const pick = function (what) {
    const lists = what.startsWith("list ");
    picks += 1;
    window.dash_clientside.set_props(lists ? "listing" : "pick", {
      data: picks + " " + (lists ? what.slice(5) : what),
    });
  };
  const pickOf = function (event) {
    const point = event.points && event.points[0];
    return point ? point.customdata || (point.data && point.data.meta) || "" : "";
  };

  /* Graphs say what was clicked by themselves; each is listened to once. */
  const listen = function () {
    document.querySelectorAll(".js-plotly-plot:not([data-heard])").forEach(function (graph) {
      if (!graph.on) {
        return;
      }
      graph.dataset.heard = "";
      graph.on("plotly_click", function (event) {
        if (pickOf(event)) {
          pick(pickOf(event));
        }
      });
      graph.on("plotly_hover", function (event) {
        graph.classList.toggle("is-pickable", Boolean(pickOf(event)));
      });
      graph.on("plotly_unhover", function () {
        graph.classList.remove("is-pickable");
      });
    });
  };

  /* Rows of tables do the same by button; chips and the ways back up go to an address. */
  document.addEventListener("click", function (event) {
    const row = event.target.closest("[data-pick]");
    if (row) {
      pick(row.getAttribute("data-pick"));
      return;
    }
    const way = event.target.closest("[data-go]");
    if (way && event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      window.dash_clientside.set_props("url", { search: way.getAttribute("data-go") });
    }
  });

  /* Saved views: a button or a form says what it asks; the menu comes back with the answer. */
  const ask = function (what, title) {
    const asked = { what: what, title: title || "", path: window.location.pathname,
      search: window.location.search, count: String(picks += 1) };
    window.dash_clientside.set_props("view-act", { data: JSON.stringify(asked) });
  };
  document.addEventListener("click", function (event) {
    const button = event.target.closest("button[data-view]");
    if (button) {
      ask(button.getAttribute("data-view"));
      return;
    }
    const view = event.target.closest("[data-view-open]");
    if (view && new URL(view.href).pathname === window.location.pathname) {
      event.preventDefault();
      window.dash_clientside.set_props("url", { search: new URL(view.href).search });
      view.closest("details").removeAttribute("open");
    }
  });
  document.addEventListener("submit", function (event) {
    if (event.target.hasAttribute("data-view")) {
      event.preventDefault();
      ask(event.target.getAttribute("data-view"), new FormData(event.target).get("title"));
    }
  });

  /* The rarer filters are made when somebody opens them. */
  document.addEventListener("toggle", function (event) {
    if (event.target.open && event.target.matches("details.further")) {
      window.dash_clientside.set_props("further", { data: "open" });
    } else if (event.target.open && event.target.matches("details.views")) {
      ask("list");
    }
  }, true);

  /* A button that offers something hands over its key; the dialog then says what will happen. */
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-offer]");
    if (button) {
      window.dash_clientside.set_props("wish", { data: button.getAttribute("data-offer") });
    }
  });

  /* The tab key goes round inside an open dialog, not out of it into the page or the browser. */
  document.addEventListener("keydown", function (event) {
    const dialog = event.key === "Tab" && document.querySelector(".modal.show .modal-content");
    if (!dialog) {
      return;
    }
    const stops = Array.from(dialog.querySelectorAll("a[href], button, select, input, textarea, summary, [tabindex]")).filter(function (node) {
      const isChosen = node.type !== "radio" || node.checked;
      return node.tabIndex >= 0 && !node.disabled && isChosen && node.getClientRects().length > 0;
    });
    const end = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (stops.length && (document.activeElement === end || !dialog.contains(document.activeElement))) {
      event.preventDefault();
      (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
    }
  });

  /* The dialog on a number. The same card may be opened again, so its key is never the same. */
  let opened = 0;
  document.addEventListener("click", function (event) {
    const card = event.target.closest("[data-explain]");
    const close = event.target.closest("[data-close]");
    if (card) {
      opened += 1;
      window.dash_clientside.set_props("why-key", { data: card.getAttribute("data-explain") + "|" + opened });
    } else if (close) {
      window.dash_clientside.set_props(close.getAttribute("data-close"), { is_open: false });
    }
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    cockpit: {
      /* The entry of the open page is marked; every entry carries the filters along. */
      menu: function (pathname, search, links) {
        document.body.dataset.page = pathname;
        const open = links.map(function (link) {
          return group(link.link) === group(pathname);
        });
        setTimeout(function () {
          document.querySelectorAll(".nav-link").forEach(function (entry, index) {
            if (open[index]) {
              entry.setAttribute("aria-current", "page");
            } else {
              entry.removeAttribute("aria-current");
            }
          });
        }, 0);
        return [
          open.map(function (isOpen) { return isOpen ? "nav-link is-open" : "nav-link"; }),
          links.map(function (link) { return link.link + carried(search || "", link.link); }),
        ];
      },
    },
  });
})();
