"use strict";
// Follows a job: asks the service once a second, and loads the page again when the job has ended.
const place = document.getElementById("job");
const bar = place.querySelector("progress");
const words = place.querySelector("[data-words]");

function show(job) {
  if (["done", "failed", "cancelled"].includes(job.state)) {
    window.location.reload();
    return;
  }
  if (job.fraction !== null) bar.value = job.fraction;
  const rows = `${job.rows_read.toLocaleString("en")} rows read`;
  const left = job.seconds_left === null ? "" : `, about ${Math.ceil(job.seconds_left)} s left`;
  words.textContent = job.state === "queued" ? "Waiting for a worker" : rows + left;
}

async function follow() {
  try {
    const answer = await fetch(place.dataset.job, { headers: { Accept: "application/json" } });
    if (answer.ok) show(await answer.json());
  } catch {
    words.textContent = "The service does not answer; trying again";
  }
  window.setTimeout(follow, 1000);
}
follow();
