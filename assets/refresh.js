/* The page keeps itself fresh: it asks for the data version, and tells the page when it moved.
   Paused while hidden; slower and slower while the server is away; a banner after two misses. */
(function () {
  "use strict";
  const EVERY = 5000, SLOWEST = 30000, MISSES_TO_SAY = 2;
  let wait = EVERY, misses = 0, timer = null, known = null;

  const soon = function (delay) {
    clearTimeout(timer);
    timer = setTimeout(ask, delay * (0.9 + 0.2 * Math.random()));
  };

  const tell = function (isAway) {
    document.documentElement.toggleAttribute("data-offline", isAway);
  };

  const heard = function (token) {
    misses = 0;
    wait = EVERY;
    tell(false);
    document.documentElement.toggleAttribute("data-unsound", token.sound === false);
    const main = document.getElementById("main");
    if (!main) {
      return;
    }
    // The first answer is held against what the page was made with: nothing new is missed between.
    if (token.data !== (known === null ? main.dataset.version : known)) {
      window.dash_clientside.set_props("version", { data: token.data });
    }
    known = token.data;
  };

  const missed = function () {
    misses += 1;
    wait = Math.min(SLOWEST, wait * 1.6);
    if (misses >= MISSES_TO_SAY) {
      tell(true);
    }
  };

  const ask = async function () {
    if (document.hidden || document.body.dataset.page === "/wall") {
      return soon(EVERY);
    }
    try {
      const answer = await fetch("/api/version", { headers: { Accept: "application/json" } });
      if (answer.status === 401) {
        return window.location.reload();
      }
      if (!answer.ok) {
        throw new Error("status " + answer.status);
      }
      heard(await answer.json());
    } catch (error) {
      missed();
    }
    return soon(wait);
  };

  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) {
      soon(200);
    }
  });
  soon(EVERY);
})();
