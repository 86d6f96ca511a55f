// Moves a line through the waveform while the recording plays, and seeks where it is clicked.
function bindPlayer(player) {
  if (player.dataset.player === "bound") return;
  player.dataset.player = "bound";
  const audio = player.querySelector("audio");
  const heads = player.querySelectorAll(".head");
  const width = 400;

  const show = () => {
    const at = audio.duration ? (audio.currentTime / audio.duration) * width : 0;
    for (const head of heads) {
      head.setAttribute("x1", at);
      head.setAttribute("x2", at);
    }
    if (!audio.paused) requestAnimationFrame(show);
  };
  for (const event of ["play", "seeked", "timeupdate", "loadedmetadata"]) audio.addEventListener(event, show);

  for (const lane of player.querySelectorAll(".lane svg:not(.marks)")) {
    lane.addEventListener("click", (click) => {
      const box = lane.getBoundingClientRect();
      if (audio.duration) audio.currentTime = ((click.clientX - box.left) / box.width) * audio.duration;
    });
  }
}

const bindPlayers = () => document.querySelectorAll("[data-player]").forEach(bindPlayer);
bindPlayers();
document.addEventListener("htmx:load", bindPlayers); // a recording that came after the page
