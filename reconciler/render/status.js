(() => {
  const button = document.querySelector("#pause"), lost = document.querySelector("#lost")
  const main = document.querySelector("main"), wait = document.body.dataset.every * 1000
  const parts = one => [...one.querySelectorAll(":scope > [id]")]
  const names = one => parts(one).map(part => part.id).join(" ")
  const served = new Map(parts(main).map(part => [part.id, part.outerHTML]))
  let paused = false

  const keyed = () => [...main.querySelectorAll("[data-key]")]
  const focused = () => {
    const one = document.activeElement
    return (one?.matches("summary") ? one.parentElement : one)?.dataset?.key
  }

  function put(told) {
    const open = new Map(keyed().filter(one => one.matches("details")).map(one => [one.dataset.key, one.open]))
    const focus = focused(), fresh = told.querySelector("main"), same = names(main) === names(fresh)
    for (const part of parts(fresh)) {
      if (same && served.get(part.id) === part.outerHTML) continue
      served.set(part.id, part.outerHTML)
      if (same) main.querySelector(`:scope > #${part.id}`).replaceWith(part)
    }
    if (!same) main.replaceChildren(...fresh.childNodes)
    document.title = told.title
    for (const one of keyed()) {
      if (one.matches("details") && open.has(one.dataset.key)) one.open = open.get(one.dataset.key)
      if (focus !== undefined && one.dataset.key === focus && focused() !== focus) {
        (one.querySelector(":scope > summary") ?? one).focus({ preventScroll: true })
      }
    }
  }

  async function refresh() {
    if (!paused && !document.hidden) {
      try {
        const answer = await fetch(location.href, { cache: "no-store" })
        if (!answer.ok) throw new Error(answer.statusText)
        put(new DOMParser().parseFromString(await answer.text(), "text/html"))
        lost.hidden = true
      } catch {
        lost.hidden = false
      }
    }
    setTimeout(refresh, wait)
  }

  button.hidden = false
  button.addEventListener("click", () => {
    paused = !paused
    button.textContent = paused ? "Go on" : "Pause"
  })
  setTimeout(refresh, wait)
})()
