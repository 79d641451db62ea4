// Shows times in the reader's zone, and says when mails came since the list was loaded; the list itself stays put.

for (const element of document.querySelectorAll("time")) {
  const moment = new Date(element.dateTime);
  element.title = element.textContent;
  element.textContent = moment.toLocaleTimeString();
}

// The frame is as long as its mail, so that nothing of it is cut off; without this it scrolls.
const frame = document.querySelector("iframe");

function fit() {
  const page = frame.contentDocument?.documentElement;
  if (page) frame.style.height = `${page.scrollHeight + 2}px`;
}

if (frame) {
  frame.addEventListener("load", fit);
  addEventListener("resize", fit);
  fit();
}

const { newest, list } = document.body.dataset;

async function look() {
  const answer = await fetch(list);
  const fresh = (await answer.json()).filter((mail) => mail.number > Number(newest)).length;
  if (fresh > 0) {
    const news = document.getElementById("news");
    news.hidden = false;
    news.firstElementChild.textContent = fresh === 1 ? "1 new mail" : `${fresh} new mails`;
  }
}

if (list !== undefined) {
  setInterval(() => look().catch(() => {}), 1000); // the mailbox has gone: the list stays as it is
}
